// Package zma is the client of the ZMA API, and the table that classifies the
// provider's error codes.
//
// A call tells two things apart: how the call itself went (CallError, Verdict),
// and what the provider says of the order (Observation). The package repeats no
// call by itself: a hidden repeat of a paid call is how things get bought twice.
package zma
