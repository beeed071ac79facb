package election

// State of a group. The names are those of ifconfig(8).
type State uint8

// The three states.
const (
	Init State = iota
	Backup
	Master
)

// String is INIT, BACKUP or MASTER.
func (s State) String() string {
	switch s {
	case Init:
		return "INIT"
	case Backup:
		return "BACKUP"
	case Master:
		return "MASTER"
	default:
		return "invalid"
	}
}
