module github.com/libjitdebug/libjitdebug

go 1.26

require (
	github.com/google/go-cmp v0.7.0
	github.com/mattn/go-pointer v0.0.1
	github.com/rogpeppe/go-internal v1.16.0
	github.com/yuin/goldmark v1.8.7
	pgregory.net/rapid v1.3.0
)

require (
	golang.org/x/sys v0.26.0 // indirect
	golang.org/x/tools v0.26.0 // indirect
)
