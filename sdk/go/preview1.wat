;; All of wasi_snapshot_preview1 that Go's runtime asks for, without a system behind it.
;;
;; An adapter for wit-component: it imports the memory of the module that it is linked to, and
;; nothing else, so a component with it imports nothing. Time goes one microsecond further each
;; time somebody looks; random bytes are always the same ones; what is written is dropped.
;;
;; wit-component's own adapter would call the host, which Go's collector may do while the host
;; allocates memory for arguments, and there the component model forbids it.
(module
  (import "env" "memory" (memory 0))

  (global $now (mut i64) (i64.const 1000000000))
  (global $random (mut i64) (i64.const 0x2545F4914F6CDD1D))

  (func (export "clock_time_get") (param $clock i32) (param $precision i64) (param $at i32) (result i32)
    (global.set $now (i64.add (global.get $now) (i64.const 1000)))
    (i64.store (local.get $at) (global.get $now))
    (i32.const 0))

  ;; xorshift64, a byte a round.
  (func (export "random_get") (param $at i32) (param $n i32) (result i32)
    (local $end i32) (local $x i64)
    (local.set $end (i32.add (local.get $at) (local.get $n)))
    (local.set $x (global.get $random))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $x (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 13))))
        (local.set $x (i64.xor (local.get $x) (i64.shr_u (local.get $x) (i64.const 7))))
        (local.set $x (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 17))))
        (i64.store8 (local.get $at) (i64.shr_u (local.get $x) (i64.const 32)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (global.set $random (local.get $x))
    (i32.const 0))

  ;; No arguments and no environment: both counts are 0.
  (func $none (param $count i32) (param $bytes i32) (result i32)
    (i32.store (local.get $count) (i32.const 0))
    (i32.store (local.get $bytes) (i32.const 0))
    (i32.const 0))
  (export "args_sizes_get" (func $none))
  (export "environ_sizes_get" (func $none))

  (func $done (param i32 i32) (result i32) (i32.const 0))
  (export "args_get" (func $done))
  (export "environ_get" (func $done))
  (export "fd_fdstat_set_flags" (func $done))

  ;; Says that all was written: the sum of the vectors' lengths.
  (func (export "fd_write") (param $fd i32) (param $vectors i32) (param $n i32) (param $written i32) (result i32)
    (local $sum i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $n)))
        (local.set $sum (i32.add (local.get $sum) (i32.load offset=4 (local.get $vectors))))
        (local.set $vectors (i32.add (local.get $vectors) (i32.const 8)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $next)))
    (i32.store (local.get $written) (local.get $sum))
    (i32.const 0))

  ;; The end of the file.
  (func (export "fd_read") (param $fd i32) (param $vectors i32) (param $n i32) (param $read i32) (result i32)
    (i32.store (local.get $read) (i32.const 0))
    (i32.const 0))

  ;; A character device with all rights: what Go expects of standard output.
  (func (export "fd_fdstat_get") (param $fd i32) (param $at i32) (result i32)
    (i64.store (local.get $at) (i64.const 2))
    (i64.store offset=8 (local.get $at) (i64.const -1))
    (i64.store offset=16 (local.get $at) (i64.const -1))
    (i32.const 0))

  (func (export "fd_close") (param $fd i32) (result i32) (i32.const 0))

  ;; 8 is EBADF: there is no open folder.
  (func (export "fd_prestat_get") (param $fd i32) (param $at i32) (result i32) (i32.const 8))
  (func (export "fd_prestat_dir_name") (param $fd i32) (param $at i32) (param $n i32) (result i32) (i32.const 8))

  ;; Every sleep is over at once: one event of 32 bytes for each subscription of 48, with its token.
  (func (export "poll_oneoff") (param $in i32) (param $out i32) (param $n i32) (param $events i32) (result i32)
    (i32.store (local.get $events) (local.get $n))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $n)))
        (i64.store (local.get $out) (i64.load (local.get $in)))
        (i64.store offset=8 (local.get $out) (i64.const 0))
        (i64.store offset=16 (local.get $out) (i64.const 0))
        (i64.store offset=24 (local.get $out) (i64.const 0))
        (local.set $in (i32.add (local.get $in) (i32.const 48)))
        (local.set $out (i32.add (local.get $out) (i32.const 32)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $next)))
    (i32.const 0))

  (func (export "sched_yield") (result i32) (i32.const 0))

  ;; Go ends here after a panic that nobody caught, or without memory.
  (func (export "proc_exit") (param $code i32) (unreachable)))
