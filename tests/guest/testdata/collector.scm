;; Guile, whose collector is Boehm's: threads register while the main one collects.
;; usage: guile collector.scm LIBRARY IMAGE SECONDS
(use-modules (system foreign) (rnrs bytevectors) (rnrs io ports) (ice-9 threads))

(define library (dynamic-link (cadr (command-line))))
(define (function name arguments)
  (pointer->procedure int32 (dynamic-func name library) arguments))
(define register (function "jitdebug_register" (list '* size_t uint32 '*)))
(define unregister (function "jitdebug_unregister" (list '*)))
(define image
  (call-with-input-file (caddr (command-line)) get-bytevector-all #:binary #t))
(define end (+ (current-time) (string->number (cadddr (command-line)))))

(define (use)
  (let ((handle (make-bytevector (sizeof '*) 0)))
    (let loop ()
      (unless (zero? (register (bytevector->pointer image) (bytevector-length image)
                               0 (bytevector->pointer handle)))
        (exit 1))
      (unless (zero? (unregister (dereference-pointer (bytevector->pointer handle))))
        (exit 2))
      (when (< (current-time) end) (loop)))))

(define threads (map (lambda (n) (call-with-new-thread use)) (iota 4)))
(while (< (current-time) end) (gc))
(for-each join-thread threads)
