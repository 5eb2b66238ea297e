// Package address brings postal addresses into their country's usual form and
// finds what a carrier or the provider would refuse. It is pure: the same address
// gives the same answer.
package address
