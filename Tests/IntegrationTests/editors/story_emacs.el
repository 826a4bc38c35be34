;;; story_emacs.el --- Does in Emacs what the test says  -*- lexical-binding: t -*-

;; It tells what a person would see.  MANIFEST is the file, ORDERS a FIFO with a line of JSON for each order; what is seen
;; goes to standard output, as lines of JSON.

;;; Code:
(package-initialize)
(add-to-list 'load-path (getenv "PLUGIN"))
(require 'trimtab)
(setq trimtab-program (getenv "TRIMTAB_BINARY") trimtab-delay 0.05 eglot-send-changes-idle-time 0.05
      make-backup-files nil create-lockfiles nil)

(defun story-tell (what)
  "Print WHAT, a property list."
  ;; `princ' would keep it until a buffer is full.
  (write-region (concat (json-serialize what) "\n") nil "/dev/stdout" t 'quiet))

(defvar story-last nil)
(defun story-tell-changes (name value)
  "Print VALUE under NAME where it has changed."
  (unless (equal value (plist-get story-last name))
    (setq story-last (plist-put story-last name value))
    (story-tell (list name value))))

(defun story-text () (buffer-substring-no-properties (point-min) (point-max)))

(defun story-diagnostics ()
  (vconcat (mapcar (lambda (one)
                     (save-excursion
                       (goto-char (flymake-diagnostic-beg one))
                       (list :line (1- (line-number-at-pos)) :character (- (point) (line-beginning-position))
                             :message (flymake-diagnostic-text one))))
                   (flymake-diagnostics))))

(defun story-beside ()
  (vconcat (sort (mapcar (lambda (one)
                           (list :line (1- (line-number-at-pos (overlay-start one)))
                                 :text (string-trim (substring-no-properties (overlay-get one 'before-string)))))
                         trimtab--overlays)
                 (lambda (a b) (< (plist-get a :line) (plist-get b :line))))))

(add-hook 'trimtab-drawn-hook (lambda () (story-tell-changes :beside (story-beside))))

(defun story-act (line pattern)
  "Carry out the code action of LINE whose title matches PATTERN."
  (goto-char (point-min))
  (forward-line line)
  (let* ((eglot-confirm-server-initiated-edits nil)
         (actions (append (eglot-code-actions (line-beginning-position) (line-end-position)) nil))
         (action (seq-find (lambda (one) (and (string-match-p pattern (downcase (plist-get one :title)))
                                              (plist-get one :edit)))
                           actions)))
    (if (null action)
        (story-tell (list :text (story-text) :actions (vconcat (mapcar (lambda (one) (plist-get one :title)) actions))))
      (eglot--apply-workspace-edit (plist-get action :edit))
      (story-save (plist-get action :title)))))

(defun story-save (&optional title)
  (let ((inhibit-message t)) (save-buffer))
  (story-tell (list :text (story-text) :action (or title ""))))

(defun story-hover (line character)
  (story-tell
   (list :hover
         (or (plist-get
              (plist-get (jsonrpc-request (eglot-current-server) :textDocument/hover
                                          (append (list :textDocument (eglot--TextDocumentIdentifier))
                                                  (list :position (list :line line :character character))))
                         :contents)
              :value)
             ""))))

;; The command, and the buffer that it shows.
(defconst story-views
  '(("suggestion" trimtab-suggestion "*Trimtab suggestion*") ("ranking" trimtab-ranking "*Trimtab ranking*")
    ("frontier" trimtab-frontier "*Trimtab frontier*")))

(defun story-view (name)
  "Run the command of the view NAME, and tell what its buffer has once it is there."
  (pcase-let ((`(,command ,buffer) (cdr (assoc name story-views))))
    (funcall command)
    (while (not (and (get-buffer buffer) (> (buffer-size (get-buffer buffer)) 0)))
      (accept-process-output nil 0.02))
    (with-current-buffer buffer
      (story-tell (list :view (vconcat (split-string (string-trim-right (story-text)) "\n")))))))

(defvar story-quit nil)
(defun story-obey (order)
  "Carry out ORDER, a property list."
  (condition-case failure
      (pcase (plist-get order :do)
        ("act" (story-act (plist-get order :line) (plist-get order :pattern)))
        ("hover" (story-hover (plist-get order :line) (plist-get order :character)))
        ("insert" (trimtab-insert-suggestion))
        ("save" (story-save))
        ("text" (story-tell (list :text (story-text))))
        ("view" (save-window-excursion (story-view (plist-get order :command))))
        ("quit" (setq story-quit t)))
    (error (story-tell (list :failure (format "%S" failure))))))

(defvar story-orders nil "Orders that have come and are not carried out.")
(defvar story-rest "" "The beginning of an order.")

(find-file (getenv "MANIFEST"))
(let ((buffer (current-buffer)))
  (call-interactively #'eglot)
  (make-process :name "orders" :command (list "cat" (getenv "ORDERS")) :noquery t :connection-type 'pipe
                :filter (lambda (_ text)
                          (let ((lines (split-string (concat story-rest text) "\n")))
                            (setq story-rest (car (last lines))
                                  story-orders (append story-orders (butlast lines))))))
  (while (not story-quit)
    (accept-process-output nil 0.02)
    (with-current-buffer buffer
      ;; What the idle timers of an editor do, which batch mode does not run.
      (when trimtab--timer
        (cancel-timer trimtab--timer)
        (setq trimtab--timer nil)
        (trimtab--request))
      (eglot--signal-textDocument/didChange)
      (unless eglot--current-flymake-report-fn (flymake-start))
      (story-tell-changes :diagnostics (story-diagnostics))
      (when story-orders
        (story-obey (json-parse-string (pop story-orders) :object-type 'plist)))))
  (eglot-shutdown (eglot-current-server)))
;;; story_emacs.el ends here
