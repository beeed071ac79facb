// Package test holds what needs more than one package: the real carpd and
// carpctl, built once for the run, in network namespaces beside real UCarp and
// keepalived, judged by what is on the wire and by what a client sees.
//
// Every test makes its own network and leaves nothing behind. When one fails,
// the capture and the logs of all daemons are kept and their place is printed.
package test
