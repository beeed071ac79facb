package status

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

// snapshotJSON is what scripts rely upon. A change of this text, other than a
// field more, needs a new SchemaVersion.
const snapshotJSON = `{
  "schema_version": 1,
  "instance": "default",
  "version": "v0.1.0",
  "pid": 4711,
  "hostname": "r1",
  "started_at": "2026-11-22T08:00:00Z",
  "taken_at": "2026-11-22T10:00:00Z",
  "age_seconds": 0.25,
  "demotion": 0,
  "demotions": null,
  "maintenance": {
    "phase": ""
  },
  "groups": [
    {
      "name": "1@eth0",
      "vhid": 1,
      "carpdev": "eth0",
      "state": "BACKUP",
      "since": "2026-11-22T09:00:00Z",
      "cause": "better master",
      "why": "BACKUP because.",
      "addresses": [
        "192.0.2.1/24"
      ],
      "address": "on-master",
      "virtual_mac": "00:00:5e:00:01:01",
      "advbase": 1,
      "advskew": 100,
      "sent_advskew": 100,
      "demotion": 0,
      "preempt": true,
      "master_down_seconds": 3.390625,
      "lease_seconds": 2.95,
      "announce_every_seconds": 60,
      "answer_for_seconds": 0,
      "accept_for_seconds": 1.2,
      "leaving": true,
      "transitions": 3,
      "advert_gaps_seconds": null,
      "advert_age_seconds": 0,
      "master": {
        "address": "192.0.2.11",
        "advbase": 1,
        "advskew": 0,
        "demotion": 0,
        "last_seen": "2026-11-22T09:59:59Z"
      },
      "warnings": [
        "w"
      ]
    }
  ],
  "carpdevs": [
    {
      "name": "eth0",
      "index": 2,
      "up": true,
      "mac": "02:00:00:00:00:01",
      "xdp": "generic",
      "xdp_why": "veth",
      "tcx_ingress": "first of 1",
      "tcx_egress": "last of 1"
    }
  ]
}`

func at(h, m, s int) time.Time { return time.Date(2026, 11, 22, h, m, s, 0, time.UTC) }

func TestJSONOfSnapshotIsStable(t *testing.T) {
	got, err := json.MarshalIndent(Snapshot{
		SchemaVersion: 1, Instance: "default", Version: "v0.1.0", PID: 4711, Hostname: "r1",
		StartedAt: at(8, 0, 0), TakenAt: at(10, 0, 0), Age: 0.25,
		Groups: []Group{{
			Name: "1@eth0", VHID: 1, Carpdev: "eth0", State: "BACKUP", Since: at(9, 0, 0),
			Cause: "better master", Why: "BACKUP because.", Addresses: []string{"192.0.2.1/24"}, Address: "on-master", Announce: 60,
			VirtualMAC: "00:00:5e:00:01:01", Advbase: 1, Advskew: 100, SentSkew: 100, Preempt: true,
			MasterDown: 3.390625, Lease: 2.95, AcceptFor: 1.2, Leaving: true, Transitions: 3,
			Master:   &Peer{Address: "192.0.2.11", Advbase: 1, LastSeen: at(9, 59, 59)},
			Warnings: []string{"w"},
		}},
		Carpdevs: []Carpdev{{
			Name: "eth0", Index: 2, Up: true, MAC: "02:00:00:00:00:01", XDP: "generic",
			XDPWhy: "veth", Ingress: "first of 1", Egress: "last of 1",
		}},
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != snapshotJSON {
		t.Errorf("got\n%s\nwant\n%s", got, snapshotJSON)
	}
}

func TestJSONOfEventLineIsFlat(t *testing.T) {
	got, err := json.Marshal(EventLine{
		SchemaVersion: 1, Instance: "default",
		Event: Event{ID: 7, At: at(9, 0, 0), Kind: "transition", Group: "1@eth0", From: "BACKUP", To: "MASTER", Cause: "master down"},
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"schema_version":1,"instance":"default","id":7,"at":"2026-11-22T09:00:00Z","kind":"transition",` +
		`"group":"1@eth0","from":"BACKUP","to":"MASTER","cause":"master down"}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestEveryFieldIsPlain: a name in JSON for each field, and nothing that could
// point into live state or behave: no function, channel or interface.
func TestEveryFieldIsPlain(t *testing.T) {
	for _, v := range []any{Snapshot{}, Counters{}, Events{}, EventLine{}} {
		checkPlain(t, reflect.TypeOf(v))
	}
}

var snake = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func checkPlain(t *testing.T, typ reflect.Type) {
	t.Helper()
	switch typ.Kind() {
	case reflect.Slice, reflect.Map, reflect.Pointer:
		checkPlain(t, typ.Elem())
	case reflect.Func, reflect.Chan, reflect.Interface, reflect.UnsafePointer:
		t.Errorf("%s is not plain", typ)
	case reflect.Struct:
		if typ != reflect.TypeFor[time.Time]() {
			checkFields(t, typ)
		}
	}
}

func checkFields(t *testing.T, typ reflect.Type) {
	t.Helper()
	for f := range typ.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.Anonymous && !snake.MatchString(name) {
			t.Errorf("%s.%s has no plain JSON name: %q", typ, f.Name, name)
		}
		checkPlain(t, f.Type)
	}
}
