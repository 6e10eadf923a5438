// Package canstop answers whether machines may be stopped: what would be left of each
// master if everything on them stopped at once.
//
// It applies the loss to each surviving Sentinel's own view, because each has its own
// quorum, its own list of peers and its own idea of which replica can be promoted. If a
// missing fact would change the answer, the answer is [Unknown], never [Yes].
package canstop
