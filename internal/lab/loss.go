package lab

import (
	"fmt"
	"strings"
)

// Lose drops a share of the frames, in per mille, on the way from the node to
// the switch and back; 0 ends it. It needs nft.
func (n *Node) Lose(fromNode, toNode int) error {
	return n.lab.Switch.nft(lossRules(n.Name, fromNode, toNode))
}

// lossRules is the nftables script that replaces the loss of one port.
func lossRules(port string, fromNode, toNode int) string {
	var b strings.Builder
	in, out := "loss_from_"+port, "loss_to_"+port
	fmt.Fprintf(&b, "table netdev %s\ndelete table netdev %s\n", in, in)
	fmt.Fprintf(&b, "table bridge %s\ndelete table bridge %s\n", out, out)
	if fromNode > 0 {
		fmt.Fprintf(&b, "table netdev %s { chain c { type filter hook ingress device \"%s\" priority 0; "+
			"numgen random mod 1000 < %d drop; }; }\n", in, port, fromNode)
	}
	if toNode > 0 {
		fmt.Fprintf(&b, "table bridge %s { chain c { type filter hook postrouting priority 0; "+
			"oifname \"%s\" numgen random mod 1000 < %d drop; }; }\n", out, port, toNode)
	}
	return b.String()
}

// Block makes nftables drop matching frames on their way from the node, such
// as "ip protocol 112"; an empty match ends it. It needs nft.
func (n *Node) Block(match string) error {
	table := "block_" + n.Name
	script := fmt.Sprintf("table netdev %s\ndelete table netdev %s\n", table, table)
	if match != "" {
		script += fmt.Sprintf("table netdev %s { chain c { type filter hook ingress device \"%s\" priority 1; %s drop; }; }\n",
			table, n.Name, match)
	}
	return n.lab.Switch.nft(script)
}

// nft feeds a script to nft inside the namespace.
func (n *Node) nft(script string) error {
	p := n.Command("nft", "-f", "-")
	p.Stdin = script
	if out, err := p.Output(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, strings.TrimSpace(out))
	}
	return nil
}
