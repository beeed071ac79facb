package web

import (
	"encoding/base64"
	"net/http"
)

// flashCookie carries what was done across the redirect after a form. It is not
// in the address, where anybody could make carpd say anything with a link.
const flashCookie = "carpd_done"

const maxFlash = 1000 // bytes; a cookie has room for 4096

// setFlash keeps a message for the next page.
func setFlash(w http.ResponseWriter, r *http.Request, text string) {
	if len(text) > maxFlash {
		text = text[:maxFlash]
	}
	http.SetCookie(w, flashOf(r, base64.RawURLEncoding.EncodeToString([]byte(text)), 60))
}

// takeFlash is the message, which is gone after that.
func takeFlash(w http.ResponseWriter, r *http.Request) string {
	c, err := r.Cookie(flashCookie)
	if err != nil {
		return ""
	}
	http.SetCookie(w, flashOf(r, "", -1))
	text, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil || len(text) > maxFlash {
		return ""
	}
	return string(text)
}

func flashOf(r *http.Request, value string, age int) *http.Cookie {
	return &http.Cookie{Name: flashCookie, Value: value, Path: "/", MaxAge: age, HttpOnly: true,
		Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode}
}
