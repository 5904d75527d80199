;; The screen's kernel; layout.ts says how the columns lie, kernel-js.ts is the same in TypeScript and gives the same masks bit for bit.
;; A block is four accounts of `legs` legs each: for each leg four f64 amounts, then for each leg four u16 slot ids: 40 bytes a leg.
;; An account's sum runs over its legs in order, S = 0 + amount * weight + ..., without fused operations. Its bit in the block's mask is set unless S >= 0,
;; so a sum that is not a number counts as flagged. Two blocks are worked on side by side, so that one waits for memory while the other adds.
;; The margin of two blocks is the least S / A of their accounts, A being the sum of |amount * weight|, as an f32; NaN if any of them is.
(module
  (memory (import "book" "memory") 1 65536)

  ;; The weights of two slots, whose ids are the 16-bit halves of a word.
  (func $pair (param $weights i32) (param $ids i32) (result v128)
    (v128.load64_lane 1
      (i32.add (local.get $weights) (i32.shl (i32.load16_u offset=2 (local.get $ids)) (i32.const 3)))
      (v128.load64_zero
        (i32.add (local.get $weights) (i32.shl (i32.load16_u (local.get $ids)) (i32.const 3))))))

  ;; sum + amounts * weights, for two accounts.
  (func $plus (param $sum v128) (param $amounts v128) (param $weights v128) (result v128)
    (f64x2.add (local.get $sum) (f64x2.mul (local.get $amounts) (local.get $weights))))

  ;; Bit i is set unless the sum of account i is 0 or more.
  (func $mask (param $low v128) (param $high v128) (result i32)
    (i32.sub
      (i32.const 15)
      (i32.or
        (i64x2.bitmask (f64x2.ge (local.get $low) (v128.const f64x2 0 0)))
        (i32.shl (i64x2.bitmask (f64x2.ge (local.get $high) (v128.const f64x2 0 0))) (i32.const 2)))))

  ;; Screens the blocks at $a and $b and stores their masks at $to_a and $to_b.
  (func $two (param $a i32) (param $b i32) (param $to_a i32) (param $to_b i32) (param $legs i32) (param $weights i32)
    (local $ids_a i32) (local $ids_b i32) (local $end i32)
    (local $low_a v128) (local $high_a v128) (local $low_b v128) (local $high_b v128)
    (local.set $end (i32.add (local.get $a) (i32.shl (local.get $legs) (i32.const 5))))
    (local.set $ids_a (local.get $end))
    (local.set $ids_b (i32.add (local.get $b) (i32.shl (local.get $legs) (i32.const 5))))
    (loop $leg
      (local.set $low_a
        (call $plus (local.get $low_a) (v128.load (local.get $a)) (call $pair (local.get $weights) (local.get $ids_a))))
      (local.set $high_a
        (call $plus (local.get $high_a) (v128.load offset=16 (local.get $a))
          (call $pair (local.get $weights) (i32.add (local.get $ids_a) (i32.const 4)))))
      (local.set $low_b
        (call $plus (local.get $low_b) (v128.load (local.get $b)) (call $pair (local.get $weights) (local.get $ids_b))))
      (local.set $high_b
        (call $plus (local.get $high_b) (v128.load offset=16 (local.get $b))
          (call $pair (local.get $weights) (i32.add (local.get $ids_b) (i32.const 4)))))
      (local.set $ids_a (i32.add (local.get $ids_a) (i32.const 8)))
      (local.set $ids_b (i32.add (local.get $ids_b) (i32.const 8)))
      (local.set $b (i32.add (local.get $b) (i32.const 32)))
      (local.set $a (i32.add (local.get $a) (i32.const 32)))
      (br_if $leg (i32.lt_u (local.get $a) (local.get $end))))
    (i32.store8 (local.get $to_a) (call $mask (local.get $low_a) (local.get $high_a)))
    (i32.store8 (local.get $to_b) (call $mask (local.get $low_b) (local.get $high_b))))

  ;; Screens a block and the next.
  (func $neighbours (param $block i32) (param $mask i32) (param $legs i32) (param $weights i32)
    (call $two
      (local.get $block) (i32.add (local.get $block) (i32.mul (local.get $legs) (i32.const 40)))
      (local.get $mask) (i32.add (local.get $mask) (i32.const 1))
      (local.get $legs) (local.get $weights)))

  ;; Screens $count blocks (an even number, at least 2): the first half beside the second. Masks are bytes, one a block.
  (func (export "screenAll") (param $blocks i32) (param $masks i32) (param $count i32) (param $legs i32) (param $weights i32)
    (local $size i32) (local $half i32) (local $apart i32) (local $end i32)
    (local.set $size (i32.mul (local.get $legs) (i32.const 40)))
    (local.set $half (i32.shr_u (local.get $count) (i32.const 1)))
    (local.set $apart (i32.mul (local.get $half) (local.get $size)))
    (local.set $end (i32.add (local.get $masks) (local.get $half)))
    (loop $next
      (call $two
        (local.get $blocks) (i32.add (local.get $blocks) (local.get $apart))
        (local.get $masks) (i32.add (local.get $masks) (local.get $half))
        (local.get $legs) (local.get $weights))
      (local.set $blocks (i32.add (local.get $blocks) (local.get $size)))
      (local.set $masks (i32.add (local.get $masks) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $masks) (local.get $end)))))

  ;; Screens the blocks whose numbers stand at $list, $count of them (an even number, at least 2).
  (func (export "screenListed")
    (param $blocks i32) (param $masks i32) (param $list i32) (param $count i32) (param $legs i32) (param $weights i32)
    (local $size i32) (local $end i32) (local $first i32) (local $second i32)
    (local.set $size (i32.mul (local.get $legs) (i32.const 40)))
    (local.set $end (i32.add (local.get $list) (i32.shl (local.get $count) (i32.const 2))))
    (loop $next
      (local.set $first (i32.load (local.get $list)))
      (local.set $second (i32.load offset=4 (local.get $list)))
      (call $two
        (i32.add (local.get $blocks) (i32.mul (local.get $first) (local.get $size)))
        (i32.add (local.get $blocks) (i32.mul (local.get $second) (local.get $size)))
        (i32.add (local.get $masks) (local.get $first)) (i32.add (local.get $masks) (local.get $second))
        (local.get $legs) (local.get $weights))
      (local.set $list (i32.add (local.get $list) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $list) (local.get $end)))))

  ;; Screens, of $count blocks (an even number), each two whose margin is not above $limit; the masks of the others become 0. Margins are f32, one a two,
  ;; and above any limit up to the next multiple of eight; so far masks are written, too. Returns how many blocks were screened.
  (func (export "screenNear")
    (param $blocks i32) (param $masks i32) (param $margins i32) (param $limit f32) (param $count i32) (param $legs i32) (param $weights i32)
    (result i32)
    (local $size i32) (local $end i32) (local $stop i32) (local $screened i32) (local $limits v128)
    (local.set $size (i32.mul (local.get $legs) (i32.const 80)))
    (local.set $end (i32.add (local.get $masks) (local.get $count)))
    (local.set $limits (f32x4.splat (local.get $limit)))
    (loop $eight
      (i64.store (local.get $masks) (i64.const 0))
      (local.set $stop (i32.add (local.get $masks) (i32.const 8)))
      (if (i32x4.all_true (f32x4.gt (v128.load (local.get $margins)) (local.get $limits)))
        (then
          (local.set $masks (local.get $stop))
          (local.set $margins (i32.add (local.get $margins) (i32.const 16)))
          (local.set $blocks (i32.add (local.get $blocks) (i32.shl (local.get $size) (i32.const 2)))))
        (else
          (loop $two
            (if (i32.eqz (f32.gt (f32.load (local.get $margins)) (local.get $limit)))
              (then
                (local.set $screened (i32.add (local.get $screened) (i32.const 2)))
                (call $neighbours (local.get $blocks) (local.get $masks) (local.get $legs) (local.get $weights))))
            (local.set $blocks (i32.add (local.get $blocks) (local.get $size)))
            (local.set $margins (i32.add (local.get $margins) (i32.const 4)))
            (br_if $two (i32.lt_u (local.tee $masks (i32.add (local.get $masks) (i32.const 2))) (local.get $stop))))))
      (br_if $eight (i32.lt_u (local.get $masks) (local.get $end))))
    (local.get $screened))

  ;; Stores the margins of $count blocks (an even number).
  (func (export "measure") (param $blocks i32) (param $margins i32) (param $count i32) (param $legs i32) (param $weights i32)
    (local $ids i32) (local $end i32) (local $low v128) (local $high v128) (local $low_all v128) (local $high_all v128) (local $term v128) (local $least v128)
    (loop $next
      (if (i32.eqz (i32.and (local.get $count) (i32.const 1))) (then (local.set $least (v128.const f64x2 inf inf))))
      (local.set $low (v128.const f64x2 0 0)) (local.set $high (v128.const f64x2 0 0))
      (local.set $low_all (v128.const f64x2 0 0)) (local.set $high_all (v128.const f64x2 0 0))
      (local.set $ids (local.tee $end (i32.add (local.get $blocks) (i32.shl (local.get $legs) (i32.const 5)))))
      (loop $leg
        (local.set $term (f64x2.mul (v128.load (local.get $blocks)) (call $pair (local.get $weights) (local.get $ids))))
        (local.set $low (f64x2.add (local.get $low) (local.get $term)))
        (local.set $low_all (f64x2.add (local.get $low_all) (f64x2.abs (local.get $term))))
        (local.set $term
          (f64x2.mul (v128.load offset=16 (local.get $blocks)) (call $pair (local.get $weights) (i32.add (local.get $ids) (i32.const 4)))))
        (local.set $high (f64x2.add (local.get $high) (local.get $term)))
        (local.set $high_all (f64x2.add (local.get $high_all) (f64x2.abs (local.get $term))))
        (local.set $ids (i32.add (local.get $ids) (i32.const 8)))
        (br_if $leg (i32.lt_u (local.tee $blocks (i32.add (local.get $blocks) (i32.const 32))) (local.get $end))))
      (local.set $blocks (local.get $ids))
      (local.set $least (f64x2.min (local.get $least)
        (f64x2.min (f64x2.div (local.get $low) (local.get $low_all)) (f64x2.div (local.get $high) (local.get $high_all)))))
      (if (i32.and (local.get $count) (i32.const 1))
        (then
          (f32.store (local.get $margins)
            (f32.demote_f64 (f64.min (f64x2.extract_lane 0 (local.get $least)) (f64x2.extract_lane 1 (local.get $least)))))
          (local.set $margins (i32.add (local.get $margins) (i32.const 4)))))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))))
