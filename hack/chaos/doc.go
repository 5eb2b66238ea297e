// Package chaos drives orders through the real operator while everything around
// it fails: the provider loses and garbles answers, processes are killed and
// frozen, the API server, the database and the mail server are cut off.
//
// One seed decides what happens and when. Once all is healed, package oracle says
// for each order whether it came to an end that it was allowed to come to.
package chaos
