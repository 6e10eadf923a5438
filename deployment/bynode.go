package deployment

import "slices"

// ByNode groups the views by the node that clients are given as the master. The groups are in
// the order in which the views first name their nodes. Views are in one group only if they
// certainly name one node: by the same address, or by the same run id.
func ByNode(views []View) [][]View {
	if len(views) > 0 && !slices.ContainsFunc(views[1:], func(v View) bool { return !certainlySame(v, views[0]) }) {
		return [][]View{slices.Clip(views)}
	}
	var groups [][]View
	for _, v := range views {
		same := func(other View) bool { return certainlySame(v, other) }
		i := slices.IndexFunc(groups, func(g []View) bool { return slices.ContainsFunc(g, same) })
		if i < 0 {
			i = len(groups)
			groups = append(groups, make([]View, 0, len(views)))
		}
		groups[i] = append(groups[i], v)
	}
	return groups
}

func certainlySame(a, b View) bool { return a.AdvertisedNode().SameNode(b.AdvertisedNode()).Value }

// SurelyDiffer reports whether two groups of views certainly name different nodes.
func SurelyDiffer(a, b []View) bool {
	return slices.ContainsFunc(a, func(v View) bool {
		return slices.ContainsFunc(b, func(w View) bool {
			same := v.AdvertisedNode().SameNode(w.AdvertisedNode())
			return same.Present && !same.Value
		})
	})
}
