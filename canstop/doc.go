// Package canstop answers whether machines may be stopped: what would be left of each
// master if everything on them stopped at once.
//
// It applies the loss to each surviving Sentinel's own view of the deployment, as each
// has its own quorum, its own list of peers and its own idea of which replica can be
// promoted. What would decide and is not known makes the answer [Unknown], never [Yes].
package canstop
