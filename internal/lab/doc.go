// Package lab builds one small network in network namespaces: routers, a
// switch and clients. The demo shows carpd in it, the tests and benchmarks
// measure it there.
//
// A Lab is a bridge (the switch) with one veth pair to every router and every
// client. On it work the instruments: Wire sees every frame that enters the
// switch and on which port, Pinger is a client that sends one echo request per
// millisecond, Asker sends ARP requests or Neighbour Solicitations of which
// every single one can be told apart in the answers.
//
// The package touches nothing of the host: no interface, address, route or
// sysctl outside the namespaces it made. Everything it made is gone after
// Close; what a killed owner left behind is removed by the next New or Sweep.
// A test may skip only through Need, for a named capability that is missing.
package lab
