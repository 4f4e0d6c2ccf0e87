module github.com/libjitdebug/libjitdebug

go 1.26

require github.com/mattn/go-pointer v0.0.1
