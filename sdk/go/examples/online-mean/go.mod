module online-mean

go 1.24

require refrain v0.1.0

replace refrain => ../..
