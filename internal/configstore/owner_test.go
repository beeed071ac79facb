package configstore

import (
	"fmt"
	"io/fs"
	"syscall"
)

// owner is user and group of a file.
func owner(info fs.FileInfo) string {
	st := info.Sys().(*syscall.Stat_t)
	return fmt.Sprintf("%d:%d", st.Uid, st.Gid)
}
