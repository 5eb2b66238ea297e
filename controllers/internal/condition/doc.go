// Package condition writes the conditions of a ZMAOrder by the rules of kstatus.
//
// Exactly one of Ready, Progress and Stall ends each reconciliation. Each of
// them leaves a status that tools such as kubectl wait, Flux and Argo CD read
// alike: Ready=True when done, Reconciling=True while the controller goes on by
// itself, Stalled=True when it does not.
package condition
