// Package refcount tells when something that several users share can be closed.
package refcount

// A Count counts the users of something that is closed once it is retired and has no
// users. Exactly one call of Release or Retire reports that the caller must close it.
// The zero Count has no users.
//
// It has no lock: all its methods are called with the lock held that guards what is
// counted, and what has to be closed can be closed without it.
type Count struct {
	users   int
	retired bool
}

// Acquire adds a user.
func (c *Count) Acquire() { c.users++ }

// Release removes a user, and reports whether it was the last one of something retired.
func (c *Count) Release() (last bool) {
	if c.users == 0 {
		panic("refcount: Release without Acquire")
	}
	c.users--
	return c.retired && c.users == 0
}

// Retire says that there will be no more users, and reports whether there are none
// already. It is called once.
func (c *Count) Retire() (unused bool) {
	c.retired = true
	return c.users == 0
}

// InUse reports whether there are users.
func (c *Count) InUse() bool { return c.users > 0 }
