;;; emacs.el --- The story through Emacs' jsonrpc.el  -*- lexical-binding: t -*-

;; emacs --batch -Q -l emacs.el -f trimtab-story, with the story's file in TRIMTAB_STORY.

;;; Code:
(require 'jsonrpc)

(defvar trimtab-story-kinds nil "The kinds of progress so far, the last first, by token.")
(defvar trimtab-story-cancel nil "The token to cancel at its first progress.")

(defun trimtab-story-progress (connection params)
  "Keep what PARAMS says, and cancel by its token through CONNECTION where that is wanted."
  (let ((token (plist-get params :token)))
    (push (plist-get (plist-get params :value) :kind) (alist-get token trimtab-story-kinds nil nil #'equal))
    (when (equal token trimtab-story-cancel)
      (setq trimtab-story-cancel nil)
      (jsonrpc-notify connection :window/workDoneProgress/cancel `(:token ,token)))))

(defun trimtab-story-error (thunk)
  "The error of the request that THUNK makes, as a property list."
  (condition-case failure
      (progn (funcall thunk) '(:code 0 :message "no error"))
    (jsonrpc-error
     (list :code (alist-get 'jsonrpc-error-code (cddr failure))
           :message (alist-get 'jsonrpc-error-message (cddr failure))
           :data (alist-get 'jsonrpc-error-data (cddr failure))))))

(defun trimtab-story ()
  "Tell the story."
  (let* ((story (with-temp-buffer
                  (insert-file-contents (getenv "TRIMTAB_STORY"))
                  (json-parse-buffer :object-type 'plist :null-object nil :false-object :json-false)))
         (connection
          (make-instance
           'jsonrpc-process-connection :name "trimtab"
           :process (lambda ()
                      (make-process :name "trimtab" :command (append (plist-get story :command) nil)
                                    :connection-type 'pipe :coding 'utf-8-emacs-unix
                                    :stderr (get-buffer-create "*trimtab stderr*") :noquery t))
           :notification-dispatcher
           (lambda (connection method params)
             (when (eq method '$/progress) (trimtab-story-progress connection params)))))
         (call (lambda (one)
                 (jsonrpc-request connection (intern (aref one 0)) (aref one 1) :timeout 120)))
         (process (jsonrpc--process connection))
         told)
    (setq told (plist-put told :initialize
                          (jsonrpc-request connection :initialize (plist-get story :initialize))))
    (jsonrpc-notify connection :initialized (make-hash-table))
    (setq told (plist-put told :answers (vconcat (mapcar call (plist-get story :calls)))))
    (setq told (plist-put told :answer (funcall call (plist-get story :progress))))
    (setq told (plist-put told :progress
                          (vconcat (reverse (alist-get "short" trimtab-story-kinds nil nil #'equal)))))
    (setq trimtab-story-cancel "long")
    (setq told (plist-put told :cancelled
                          (plist-get (trimtab-story-error (lambda () (funcall call (plist-get story :long))))
                                     :code)))
    (setq told (plist-put told :refused
                          (trimtab-story-error (lambda () (funcall call (plist-get story :refused))))))
    (jsonrpc-request connection :shutdown (make-hash-table))
    (jsonrpc-notify connection :exit (make-hash-table))
    (while (process-live-p process) (accept-process-output process 1))
    (setq told (plist-put told :exit (process-exit-status process)))
    (princ (json-serialize told :null-object nil :false-object :json-false))
    (terpri)))

;;; emacs.el ends here
