//go:build tools

// Package tools names what is built here, so that `go mod tidy` keeps the requirement.
package tools

import _ "github.com/distribution/distribution/v3/cmd/registry"
