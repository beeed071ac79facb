// Command report ends a test run: it reads the streams that go test -json
// wrote, prints what failed and why, then every capability of carpd with the
// tests that prove it, the skips with their reasons, and one line of sums.
//
// The table of capabilities is proof.txt. A test that it names must have run:
// one that was renamed or left out is a failure, as is a package that did not
// build or a test that did not come to its end.
//
// Usage: report FILE.json …
package main
