// Package demo shows the whole path in one picture: two routers, a switch and
// a client in network namespaces, two real carpd processes, and what the
// client sees while the MASTER crashes, is cut off, leaves and freezes.
//
// What is measured is printed beside what is promised, and a broken promise is
// an error. The package decides nothing about CARP: it starts, stops and
// watches. It must never leave anything behind, unless asked to.
package demo
