package web

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/version"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// A page is what the template shows.
type page struct {
	Style    string
	Refresh  bool
	Seconds  int
	Query    pageLinks
	Status   badge
	Sentence string
	At       time.Time
	Asked    int
	Answered int
	Findings []finding
	Untold   []untold // checks that nobody could make
	Masters  []masterView
	Many     bool // masters, so that the well ones are folded
	Watchers []watcherView
	Listens  bool // to the Sentinels' events
	Events   []eventView
	Version  string
}

// An untold check has no finding, and no answer either.
type untold struct {
	health.Result
	Name  string // of the master, empty for the deployment
	Badge badge
}

func untoldOf(name string, results []health.Result) []untold {
	var list []untold
	for _, r := range results {
		if r.Reason != "" {
			list = append(list, untold{r, name, badgeOf(r.Status)})
		}
	}
	return list
}

// A badge is a status that does not need its colour to be told.
type badge struct{ Word, Class, Sign string }

func badgeOf(s health.Status) badge {
	signs := map[health.Status]string{health.OK: "✓", health.Warning: "!", health.Critical: "✕", health.Unknown: "?"}
	return badge{Word: strings.ToUpper(s.String()), Class: s.String(), Sign: signs[s]}
}

// A finding is one with its badge.
type finding struct {
	health.Finding
	Badge badge
	Name  string // of the master, empty for the deployment
}

// A masterView is one master as its Sentinels see it.
type masterView struct {
	*health.MasterReport
	ID       string // of the element
	Link     string // to the page of this master alone
	Name     string
	Badge    badge
	Sentence string
	Open     bool
	Margin   string
	Rows     []sentinelRow
	Replicas []replicaView
	Peers    []string // the columns of the matrix
	Sees     []peerRow
	Checks   []checkView
}

// A checkView is how one check came out.
type checkView struct {
	health.Result
	Badge badge
}

// A cell is one value, which may differ from what most Sentinels say.
type cell struct {
	Text    string
	Differs bool
	Bad     bool
}

// A sentinelRow is one Sentinel's view of the master.
type sentinelRow struct {
	Sentinel string
	Silent   string // why it says nothing
	Cells    []labelled
	Notes    []string
}

// A labelled cell brings its column's name, for narrow screens.
type labelled struct {
	Label string
	cell
}

// A replicaView is one replica as the Sentinels see it.
type replicaView struct {
	Addr       string
	Promotable bool
	Why        []string
	Link       cell
	Priority   cell
	Offset     cell
	State      cell
}

// A peerRow is what one Sentinel says of the others.
type peerRow struct {
	Sentinel string
	Cells    []labelled
}

// A watcherView is one Sentinel itself.
type watcherView struct {
	Addr    string
	Silent  string
	ID      string
	Version string
	Uptime  string
	Tilt    cell
	Clients string
	Took    string
}

// fold is the number of masters from which on those that are well are folded.
const fold = 4

func newPage(snapshots []*sentinel.Snapshot, r *health.Report) *page {
	word := strings.ToUpper(r.Status.String())
	p := &page{
		Seconds: int(refreshEvery.Seconds()),
		Status:  badgeOf(r.Status), Sentence: strings.TrimLeft(strings.TrimPrefix(r.Summary, word), ": "),
		At: time.Now().UTC(), Asked: r.Asked, Answered: r.Answered, Many: len(r.Masters) >= fold,
		Untold: untoldOf("", r.Checks), Version: version.Version,
	}
	for _, f := range r.All() {
		v := finding{Finding: f, Badge: badgeOf(f.Severity)}
		if f.Master != "" {
			v.Name = health.Printable(f.Master)
		}
		p.Findings = append(p.Findings, v)
	}
	if r.Answered == 0 {
		p.Untold = nil // all of them, for the reason that is found already
	}
	for i := range r.Masters {
		p.Untold = append(p.Untold, untoldOf(health.Printable(r.Masters[i].Name), r.Masters[i].Checks)...)
		p.Masters = append(p.Masters, newMasterView(snapshots, &r.Masters[i], i, p.Many))
	}
	for _, s := range snapshots {
		p.Watchers = append(p.Watchers, newWatcherView(s))
	}
	return p
}

func newMasterView(snapshots []*sentinel.Snapshot, m *health.MasterReport, i int, many bool) masterView {
	word := strings.ToUpper(m.Status.String())
	v := masterView{
		MasterReport: m, ID: fmt.Sprintf("master-%d", i), Link: "status?" + url.Values{"master": {m.Name}}.Encode(),
		Name: health.Printable(m.Name), Badge: badgeOf(m.Status), Open: !many || m.Status != health.OK,
		Margin: "unknown",
	}
	v.Sentence = strings.TrimPrefix(m.Summary, word+" "+v.Name+": ")
	if m.Margin != nil {
		v.Margin = fmt.Sprint(*m.Margin)
	}
	var views []seen
	for _, s := range snapshots {
		if one := s.Master(m.Name); s.Up() && one != nil {
			views = append(views, seen{one, s})
		}
	}
	for _, s := range snapshots {
		v.Rows = append(v.Rows, newSentinelRow(s, s.Master(m.Name)))
	}
	markDifferences(v.Rows)
	v.Replicas = replicaViews(views)
	v.Peers, v.Sees = peerMatrix(views)
	for _, c := range m.Checks {
		v.Checks = append(v.Checks, checkView{c, badgeOf(c.Status)})
	}
	return v
}

// A seen is a master as one Sentinel sees it.
type seen struct {
	*sentinel.Master
	by *sentinel.Snapshot
}

// silence says why a Sentinel that is not up says nothing.
func silence(s *sentinel.Snapshot) string {
	err := s.Failed(sentinel.CommandMasters)
	return err.Reason.String() + ": " + err.Err.Error()
}

func newSentinelRow(s *sentinel.Snapshot, m *sentinel.Master) sentinelRow {
	row := sentinelRow{Sentinel: s.Sentinel}
	switch {
	case !s.Up():
		row.Silent = "did not answer: " + silence(s)
		return row
	case m == nil:
		row.Silent = "does not monitor this master"
		return row
	}
	usable := cell{Text: "?"}
	if m.CKQuorum != nil {
		usable = cell{Text: fmt.Sprintf("%d of %d", m.CKQuorum.Usable, m.Voters().Value), Bad: !m.CKQuorum.OK()}
	}
	margin := m.Margin()
	promotable := m.PromotableReplicas()
	row.Cells = []labelled{
		{"Master", cell{Text: m.Advertised()}},
		{"Epoch", cell{Text: number(m.ConfigEpoch)}},
		{"State", stateOf(m)},
		{"Quorum", cell{Text: number(m.Quorum)}},
		{"Usable Sentinels", usable},
		{"Can still fail", cell{Text: number(margin), Bad: margin.Present && margin.Value < 0}},
		{"Promotable replicas", cell{Text: fmt.Sprintf("%s of %s", number(promotable), number(m.NumReplicas)), Bad: promotable.Present && promotable.Value == 0}},
	}
	row.Notes = notes(s, m)
	return row
}

// stateOf says in words what the flags of the master mean.
func stateOf(m *sentinel.Master) cell {
	switch {
	case m.Flags.Has(sentinel.FlagODown):
		return cell{Text: "objectively down " + age(m.ODownTime) + failover(m), Bad: true}
	case m.Flags.Has(sentinel.FlagSDown):
		return cell{Text: "down " + age(m.SDownTime) + failover(m), Bad: true}
	case m.Flags.Has(sentinel.FlagFailoverInProgress):
		return cell{Text: "up" + failover(m)}
	case m.Flags.Has(sentinel.FlagDisconnected):
		return cell{Text: "not connected"}
	case m.RoleReported == "slave":
		return cell{Text: "up, reports that it is a replica", Bad: true}
	}
	return cell{Text: "up"}
}

func failover(m *sentinel.Master) string {
	if !m.Flags.Has(sentinel.FlagFailoverInProgress) {
		return ""
	}
	return ", failing over (" + m.FailoverState.String() + ")"
}

// notes say what to know before trusting the row.
func notes(s *sentinel.Snapshot, m *sentinel.Master) []string {
	var notes []string
	if s.Tilt() {
		notes = append(notes, "TILT: it detects no failures, and its states are frozen")
	}
	if s.Info != nil && s.Info.Uptime.Present && s.Info.Uptime.Value < m.DownAfter.Value {
		notes = append(notes, "just started: it has not had time to detect failures")
	}
	return notes
}

// markDifferences marks what differs from what most of the Sentinels say.
func markDifferences(rows []sentinelRow) {
	for column := 0; ; column++ {
		votes := map[string]int{}
		most := ""
		for _, row := range rows {
			if column >= len(row.Cells) {
				continue
			}
			text := row.Cells[column].Text
			votes[text]++
			if most == "" || votes[text] > votes[most] {
				most = text
			}
		}
		if len(votes) == 0 {
			return
		}
		for _, row := range rows {
			if column < len(row.Cells) && row.Cells[column].Label != "State" { // its times differ
				row.Cells[column].Differs = row.Cells[column].Text != most
			}
		}
	}
}

func replicaViews(views []seen) []replicaView {
	type sight struct {
		*sentinel.Replica
		by seen
	}
	groups := map[string][]sight{}
	var addrs []string
	for _, v := range views {
		for i := range v.Replicas {
			r := &v.Replicas[i]
			if groups[r.Addr] == nil {
				addrs = append(addrs, r.Addr)
			}
			groups[r.Addr] = append(groups[r.Addr], sight{r, v})
		}
	}
	slices.Sort(addrs)
	list := make([]replicaView, len(addrs))
	for i, addr := range addrs {
		group := groups[addr]
		why := map[string]int{}
		latest, downFor := group[0], 0
		for _, s := range group {
			if reason := s.by.Unpromotable(s.Replica); reason != "" {
				why[reason]++
			}
			if s.Flags.Has(sentinel.FlagSDown) {
				downFor++
			}
			if cmp.Compare(s.InfoRefresh.Value, latest.InfoRefresh.Value) < 0 {
				latest = s
			}
		}
		v := replicaView{Addr: addr, Promotable: len(why) == 0}
		for _, reason := range sortedKeys(why) {
			v.Why = append(v.Why, fmt.Sprintf("%s (%d of %d Sentinels)", reason, why[reason], len(views)))
		}
		v.State, v.Link = replicaState(latest.Replica, downFor, len(group)), linkOf(latest.Replica)
		v.Priority = cell{Text: number(latest.Priority), Bad: latest.Priority.Present && latest.Priority.Value == 0}
		v.Offset = cell{Text: number(latest.ReplOffset)}
		list[i] = v
	}
	return list
}

func replicaState(r *sentinel.Replica, down, of int) cell {
	switch {
	case down > 0:
		return cell{Text: fmt.Sprintf("down, according to %d of %d Sentinels", down, of), Bad: true}
	case r.RoleReported == "master":
		return cell{Text: "up, reports that it is a master", Bad: true}
	case r.Flags.Has(sentinel.FlagDisconnected):
		return cell{Text: "not connected"}
	}
	return cell{Text: "up"}
}

func linkOf(r *sentinel.Replica) cell {
	switch {
	case r.Flags.Has(sentinel.FlagSDown), r.RunID == "":
		return cell{Text: "unknown"}
	case r.MasterLinkUp:
		return cell{Text: "up"}
	case r.MasterLinkDownTime.Present:
		return cell{Text: "down " + age(r.MasterLinkDownTime), Bad: true}
	}
	return cell{Text: "never up", Bad: true}
}

// peerMatrix says for each Sentinel what it says of each other one.
func peerMatrix(views []seen) (columns []string, rows []peerRow) {
	for _, v := range views {
		columns = append(columns, v.by.Sentinel)
	}
	for _, v := range views {
		for i := range v.Peers {
			if name := peerName(views, &v.Peers[i]); !slices.Contains(columns, name) {
				columns = append(columns, name)
			}
		}
	}
	slices.Sort(columns[len(views):]) // after those that we ask
	for _, v := range views {
		row := peerRow{Sentinel: v.by.Sentinel}
		for _, column := range columns {
			row.Cells = append(row.Cells, labelled{column, peerCell(views, v, column)})
		}
		rows = append(rows, row)
	}
	return columns, rows
}

// peerName is the address at which we ask the peer, else the one that it has
// among the Sentinels.
func peerName(views []seen, p *sentinel.Peer) string {
	for _, v := range views {
		if v.by.ID != "" && v.by.ID == p.RunID {
			return v.by.Sentinel
		}
	}
	return p.Addr
}

func peerCell(views []seen, v seen, name string) cell {
	if v.by.Sentinel == name {
		return cell{Text: "itself"}
	}
	for i := range v.Peers {
		p := &v.Peers[i]
		switch {
		case peerName(views, p) != name:
		case p.Flags.Has(sentinel.FlagSDown):
			return cell{Text: "down " + age(p.SDownTime), Bad: true}
		case p.Flags.Has(sentinel.FlagDisconnected):
			return cell{Text: "connecting"}
		default:
			return cell{Text: "up"}
		}
	}
	return cell{Text: "unknown", Bad: v.PeersErr == nil}
}

func newWatcherView(s *sentinel.Snapshot) watcherView {
	v := watcherView{Addr: s.Sentinel, ID: s.ID, Took: fmt.Sprintf("%.1f ms", float64(s.Duration.Microseconds())/1000), Uptime: "?", Clients: "?", Tilt: cell{Text: "?"}}
	if !s.Up() {
		v.Silent = "did not answer: " + silence(s)
		return v
	}
	if s.Info == nil {
		return v
	}
	v.Version = s.Info.Product + " " + s.Info.Version
	v.Uptime = age(s.Info.Uptime)
	v.Tilt = cell{Text: "no"}
	if s.Tilt() {
		v.Tilt = cell{Text: "yes, " + age(s.Info.TiltSince), Bad: true}
	}
	v.Clients = number(s.Info.ConnectedClients) + " of " + number(s.Info.MaxClients)
	return v
}

func number(n sentinel.Number) string {
	if !n.Present {
		return "?"
	}
	return fmt.Sprint(n.Value)
}

// age prints an age as people read it.
func age(d sentinel.Duration) string {
	if !d.Present {
		return "?"
	}
	return health.Age(d.Value)
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
