// Package refcount determines when something that several users share can be closed.
package refcount

// A Count counts the users of something that is closed once it is retired and has no
// users. Exactly one call of Release or Retire reports that the caller must close it.
// The zero Count has no users.
//
// It has no lock of its own. The caller holds a lock for every call, and can close after
// releasing it.
type Count struct {
	users   int
	retired bool
}

// Acquire adds a user.
func (c *Count) Acquire() { c.users++ }

// Release removes a user, and reports whether it was the last one after Retire.
func (c *Count) Release() (last bool) {
	if c.users == 0 {
		panic("refcount: Release without Acquire")
	}
	c.users--
	return c.retired && c.users == 0
}

// Retire marks the end of new users, and reports whether there are none left. It is called
// once.
func (c *Count) Retire() (unused bool) {
	c.retired = true
	return c.users == 0
}

// InUse reports whether there are users.
func (c *Count) InUse() bool { return c.users > 0 }
