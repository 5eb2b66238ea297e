// Package app wires the product together: one function per command. It is the
// only place where parts meet; it decides nothing.
package app
