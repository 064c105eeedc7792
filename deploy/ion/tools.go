//go:build tools

// Package tools pins the media server that `make ion` builds: it is used by nothing else.
package tools

import _ "github.com/pion/ion-sfu/cmd/signal/grpc"
