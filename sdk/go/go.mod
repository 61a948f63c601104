module refrain

go 1.24
