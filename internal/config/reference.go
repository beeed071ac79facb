package config

import _ "embed"

// Reference is a configuration with every key, each with its meaning, default
// and range. It loads as it is.
//
//go:embed reference.yaml
var Reference string

// Example is the smallest configuration that a person would start with.
const Example = `groups:
  - vhid: 1
    carpdev: eth0
    addresses: [192.0.2.1/24, "2001:db8::1/64"]
    password: mekmitasdigoat
    preempt: true
`
