;;; trimtab.el --- The suggested VLM beside a Trimtab manifest  -*- lexical-binding: t -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1") (eglot "1.9"))
;; Keywords: languages, tools
;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; A file named trimtab.toml, *.trimtab.toml or trimtab.json describes a search for a vision-language model and the job
;; that trains it.  This package has major modes for them and lets eglot start `trimtab serve': diagnostics with fixes,
;; hover and completion come from eglot.  Code lenses, which eglot 1.9 does not know, are drawn here, and drawn again
;; whenever the server says that the search has moved, also when another process runs it.
;;
;;   (add-to-list 'load-path ".../clients/emacs")
;;   (require 'trimtab)
;;   (add-hook 'trimtab-manifest-mode-hook #'eglot-ensure)
;;
;; Commands: `trimtab-suggestion', `trimtab-ranking', `trimtab-frontier', `trimtab-insert-suggestion', `trimtab-apply' and
;; `trimtab-run-lens'.  What you type never changes a running search; only `trimtab-apply' does.

;;; Code:

(require 'cl-lib)
(require 'conf-mode)
(require 'eglot)
(require 'js)
(require 'jsonrpc)
(require 'seq)
(require 'tabulated-list)

(defgroup trimtab nil "Trimtab manifests." :group 'tools :prefix "trimtab-")

(defcustom trimtab-program "trimtab"
  "The program to start: a name on the PATH, or a path."
  :type 'string)

(defcustom trimtab-state-directory nil
  "The state directory; nil for the one that the manifest names."
  :type '(choice (const :tag "As the manifest says" nil) directory))

(defcustom trimtab-delay 0.3
  "Seconds after the last edit until lenses are asked for again."
  :type 'number)

(defface trimtab-lens '((t :inherit shadow :slant italic)) "Code lenses.")

;; Major modes

(defvar trimtab-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "C-c C-s") #'trimtab-suggestion)
    (define-key map (kbd "C-c C-r") #'trimtab-ranking)
    (define-key map (kbd "C-c C-f") #'trimtab-frontier)
    (define-key map (kbd "C-c C-l") #'trimtab-run-lens)
    map)
  "Keys of `trimtab-mode'.")

(define-minor-mode trimtab-mode
  "Draw the lenses of a manifest that eglot manages, and have its commands."
  :lighter nil
  (if trimtab-mode
      (progn (add-hook 'after-change-functions #'trimtab--changed nil t)
             (trimtab--request))
    (remove-hook 'after-change-functions #'trimtab--changed t)
    (trimtab--clear)))

;;;###autoload
(define-derived-mode trimtab-manifest-mode conf-toml-mode "Trimtab"
  "Mode for manifests of Trimtab in TOML."
  (add-hook 'eglot-managed-mode-hook #'trimtab--managed nil t))

;;;###autoload
(define-derived-mode trimtab-json-manifest-mode js-mode "Trimtab JSON"
  "Mode for manifests of Trimtab in JSON."
  (add-hook 'eglot-managed-mode-hook #'trimtab--managed nil t))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\(?:/\\|\\`\\|\\.\\)trimtab\\.toml\\'" . trimtab-manifest-mode))
;;;###autoload
(add-to-list 'auto-mode-alist '("\\(?:/\\|\\`\\|\\.\\)trimtab\\.json\\'" . trimtab-json-manifest-mode))

(put 'trimtab-manifest-mode 'eglot-language-id "trimtab")
(put 'trimtab-json-manifest-mode 'eglot-language-id "trimtab")

;; The server

(defclass trimtab-server (eglot-lsp-server) () "A `trimtab serve' that eglot has started.")

(defun trimtab--contact (&optional _interactive)
  "How eglot starts the server."
  `(trimtab-server ,trimtab-program "serve" "--stdio"
                   ,@(when trimtab-state-directory
                       (list "--state" (expand-file-name trimtab-state-directory)))))

(add-to-list 'eglot-server-programs
             '((trimtab-manifest-mode trimtab-json-manifest-mode) . trimtab--contact))

(defun trimtab--with (plist path value)
  "PLIST with VALUE at PATH, a list of keys; what is there else stays."
  (let ((copy (copy-sequence plist)))
    (plist-put copy (car path)
               (if (cdr path) (trimtab--with (plist-get copy (car path)) (cdr path) value) value))))

(cl-defmethod eglot-client-capabilities ((_server trimtab-server))
  "What eglot declares, and the lenses that this package draws.
The server's inlay hints are the same texts, for editors without lenses."
  (let ((declared (cl-call-next-method)))
    (dolist (one '(((:workspace :codeLens) (:refreshSupport t))
                   ((:textDocument :codeLens) (:dynamicRegistration :json-false))))
      (setq declared (trimtab--with declared (car one) (cadr one))))
    declared))

(cl-defmethod eglot-handle-request ((server trimtab-server) (_method (eql workspace/codeLens/refresh)))
  "The search that SERVER shows has moved."
  (trimtab--refresh server))

(defun trimtab--managed ()
  "Draw lenses for as long as eglot manages the buffer."
  (trimtab-mode (if (and (eglot-managed-p) (trimtab--server)) 1 -1)))

(defun trimtab--server ()
  "This buffer's server, or nil where there is none, or one of another kind."
  (let ((server (eglot-current-server)))
    (and (cl-typep server 'trimtab-server) server)))

(defun trimtab--uri ()
  "This buffer's URI, as eglot sends it."
  (plist-get (eglot--TextDocumentIdentifier) :uri))

;; Lenses

(defvar-local trimtab--lenses nil "The code lenses, as the server sent them.")
(defvar-local trimtab--overlays nil "What is drawn.")
(defvar-local trimtab--timer nil "Waits for the end of an edit.")
(defvar trimtab-drawn-hook nil "Runs in a manifest's buffer whenever its lenses have been drawn.")

(defun trimtab--clear ()
  "Draw nothing."
  (mapc #'delete-overlay trimtab--overlays)
  (setq trimtab--overlays nil))

(defun trimtab--draw-line (line texts)
  "Draw TEXTS above LINE, which counts from 0."
  (save-excursion
    (save-restriction
      (widen)
      (goto-char (point-min))
      (when (zerop (forward-line line))
        (let ((overlay (make-overlay (point) (point))))
          (overlay-put overlay 'before-string (mapconcat (lambda (text) (concat text "\n")) texts ""))
          (overlay-put overlay 'trimtab t)
          (push overlay trimtab--overlays))))))

(defun trimtab--draw ()
  "Draw the lenses that have come."
  (trimtab--clear)
  (let (lines)
    (seq-do (lambda (one)
              (push (trimtab--button one (plist-get (plist-get one :command) :title))
                    (alist-get (plist-get (plist-get (plist-get one :range) :start) :line) lines)))
            trimtab--lenses)
    (pcase-dolist (`(,line . ,texts) lines)
      (trimtab--draw-line line (reverse texts))))
  (run-hooks 'trimtab-drawn-hook))

(defun trimtab--button (lens title)
  "TITLE, which runs LENS when it is clicked."
  (let ((map (make-sparse-keymap)) (buffer (current-buffer)))
    (define-key map [mouse-1] (lambda () (interactive) (with-current-buffer buffer (trimtab--run lens))))
    (propertize title 'face 'trimtab-lens 'keymap map 'mouse-face 'highlight 'help-echo "mouse-1: run it")))

(defun trimtab--changed (&rest _)
  "Ask for lenses again once the edit is over."
  (when trimtab--timer (cancel-timer trimtab--timer))
  (setq trimtab--timer (run-with-idle-timer trimtab-delay nil #'trimtab--request-in (current-buffer))))

(defun trimtab--request-in (buffer)
  "Ask for the lenses of BUFFER, where it is still there."
  (when (buffer-live-p buffer)
    (with-current-buffer buffer (when trimtab-mode (trimtab--request)))))

(defun trimtab--request ()
  "Ask for this buffer's lenses, and draw them once they are there."
  (let ((server (trimtab--server)) (buffer (current-buffer)))
    (when (and server (eglot--server-capable :codeLensProvider))
      (jsonrpc-async-request
       server :textDocument/codeLens (list :textDocument (eglot--TextDocumentIdentifier))
       :deferred :textDocument/codeLens ; after the edits, of which eglot tells first
       :success-fn (lambda (answer)
                     (when (buffer-live-p buffer)
                       (with-current-buffer buffer
                         (when trimtab-mode
                           (setq trimtab--lenses answer)
                           (trimtab--draw)))))
       ;; A request that an edit has overtaken leaves what is drawn; the edit's own request follows.
       :error-fn #'ignore
       :timeout-fn #'ignore))))

(defun trimtab--refresh (server)
  "Draw again everything that depends on the search that SERVER shows."
  (dolist (buffer (eglot--managed-buffers server))
    (run-with-timer 0 nil #'trimtab--request-in buffer))
  (dolist (buffer (buffer-list))
    (let ((again (buffer-local-value 'trimtab--again buffer)))
      (when (and again (eq (car again) server)) (run-with-timer 0 nil (cdr again)))))
  nil)

(defun trimtab--run (lens)
  "Run the command of LENS."
  (pcase (plist-get (plist-get lens :command) :command)
    ("trimtab.suggestion" (trimtab-suggestion))
    ("trimtab.ranking" (trimtab-ranking))
    ("trimtab.showFrontier" (trimtab-frontier))
    ("trimtab.insertSuggestion" (trimtab-insert-suggestion))
    ("trimtab.applyToSearch" (trimtab-apply))
    (other (user-error "Trimtab: this package does not know the command %s" other))))

(defun trimtab-run-lens ()
  "Run a code lens of this line; ask which where there are several."
  (interactive)
  (let* ((line (1- (line-number-at-pos nil t)))
         (here (seq-filter (lambda (one)
                             (and (plist-get one :command)
                                  (= line (plist-get (plist-get (plist-get one :range) :start) :line))))
                           trimtab--lenses))
         (titles (mapcar (lambda (one) (plist-get (plist-get one :command) :title)) here)))
    (pcase (length here)
      (0 (user-error "Trimtab: no code lens on this line"))
      (1 (trimtab--run (car here)))
      (_ (let ((title (completing-read "Code lens: " titles nil t)))
           (trimtab--run (nth (seq-position titles title) here)))))))

;; Commands

(defvar-local trimtab--again nil "In a window's buffer: its server, and what shows its answer again.")

(defun trimtab--execute (server command uri show)
  "Have SERVER carry out COMMAND for the manifest at URI; SHOW gets the answer."
  (jsonrpc-async-request
   server :workspace/executeCommand (list :command command :arguments (vector uri "quiet"))
   :success-fn show
   :error-fn (lambda (failure) (message "Trimtab: %s" (plist-get failure :message)))
   :timeout 60
   :timeout-fn (lambda () (message "Trimtab: no answer to %s" command))))

(defun trimtab--here ()
  "This buffer's server; an error where there is none."
  (or (trimtab--server) (user-error "Trimtab: no manifest here that eglot manages; M-x eglot starts it")))

(defun trimtab--show (name command mode write)
  "Show the answer of COMMAND in the buffer NAME with major mode MODE.
WRITE inserts it, and does so again whenever the search moves."
  (let* ((server (trimtab--here)) (uri (trimtab--uri)) (buffer (get-buffer-create name)))
    (cl-labels
        ((fill (answer)
           (when (buffer-live-p buffer)
             (with-current-buffer buffer
               (unless (derived-mode-p mode) (funcall mode))
               (setq trimtab--again (cons server #'again))
               (let ((inhibit-read-only t) (at (point)))
                 (erase-buffer)
                 (funcall write answer)
                 (goto-char (min at (point-max)))))))
         (again () (when (buffer-live-p buffer) (trimtab--execute server command uri #'fill))))
      (trimtab--execute server command uri (lambda (answer) (fill answer) (display-buffer buffer))))))

(defun trimtab--name (candidate)
  "CANDIDATE for a person."
  (string-join (delq nil (list (plist-get candidate :encoder) (plist-get candidate :projector)
                               (plist-get candidate :languageModel)))
               " + "))

(defun trimtab--number (value)
  "VALUE to four digits; scores may be strings such as NaN, or absent."
  (cond ((null value) "-") ((numberp value) (format "%.4g" value)) (t value)))

(defun trimtab--percent (value)
  "VALUE, a fraction, in per cent."
  (if value (format "%.1f %%" (* 100 value)) "-"))

(defun trimtab--interval (ends)
  "The interval between ENDS."
  (if (= (length ends) 2) (format "%s to %s" (trimtab--number (elt ends 0)) (trimtab--number (elt ends 1))) "-"))

(defun trimtab--write-suggestion (answer)
  "Insert what ANSWER says of the suggested VLM."
  (when-let ((best (plist-get answer :suggestion)))
    (insert (propertize (trimtab--name (plist-get best :candidate)) 'face 'bold) "\n")
    (when (plist-get best :predictedScore)
      (insert (format "predicted score  %s (%s)\n" (trimtab--number (plist-get best :predictedScore))
                      (trimtab--interval (plist-get best :scoreInterval)))))
    (when (plist-get best :probabilityBestFraction)
      (insert (format "best of all      %s likely\n" (trimtab--percent (plist-get best :probabilityBestFraction)))))
    (insert (format "status           %s\n\n" (plist-get best :status))))
  (insert (plist-get answer :message) "\n"))

;;;###autoload
(defun trimtab-suggestion ()
  "Show the suggested VLM, how certain it is and what the search has cost."
  (interactive)
  (trimtab--show "*Trimtab suggestion*" "trimtab.suggestion" #'special-mode #'trimtab--write-suggestion))

(define-derived-mode trimtab-ranking-mode tabulated-list-mode "Trimtab ranking"
  "Mode for the candidates of a search, the best first."
  (setq tabulated-list-format [("rank" 5 trimtab--by-rank) ("candidate" 40 t) ("status" 20 t) ("score" 9 nil)
                               ("interval" 20 nil) ("best" 8 nil)])
  (tabulated-list-init-header))

(defun trimtab--by-rank (a b)
  "Whether A ranks before B."
  (< (string-to-number (aref (cadr a) 0)) (string-to-number (aref (cadr b) 0))))

(defun trimtab--write-ranking (answer)
  "List the candidates of ANSWER."
  (setq tabulated-list-entries
        ;; They come the best first.
        (seq-map-indexed
         (lambda (one place)
           (let ((rank (number-to-string (1+ place))))
             (list rank
                   (vector rank (trimtab--name (plist-get one :candidate))
                           (string-join (delq nil (list (plist-get one :status) (plist-get one :closure))) ": ")
                           (trimtab--number (plist-get one :predictedScore))
                           (trimtab--interval (plist-get one :scoreInterval))
                           (trimtab--percent (plist-get one :probabilityBestFraction))))))
         (plist-get answer :ranking)))
  (tabulated-list-print t)
  (when (seq-empty-p (plist-get answer :ranking)) (insert (plist-get answer :message) "\n")))

;;;###autoload
(defun trimtab-ranking ()
  "List the candidates, the best first."
  (interactive)
  (trimtab--show "*Trimtab ranking*" "trimtab.ranking" #'trimtab-ranking-mode #'trimtab--write-ranking))

(defun trimtab--write-frontier (answer)
  "Insert the frontier of ANSWER, as the server has drawn it."
  (setq-local truncate-lines t)
  (insert (or (plist-get answer :text) (plist-get answer :message)) "\n"))

;;;###autoload
(defun trimtab-frontier ()
  "Show the energy frontier of the manifest's pipeline."
  (interactive)
  (trimtab--show "*Trimtab frontier*" "trimtab.showFrontier" #'special-mode #'trimtab--write-frontier))

(defun trimtab--execute-and-edit (command)
  "Carry out COMMAND; the server says what it did.
Its edits were asked for by the command, and need no other question."
  (let ((server (trimtab--here)))
    ;; The name changed in eglot 1.16.
    (cl-progv '(eglot-confirm-server-initiated-edits eglot-confirm-server-edits) '(nil nil)
      (jsonrpc-request server :workspace/executeCommand
                       (list :command command :arguments (vector (trimtab--uri))) :timeout 60))))

;;;###autoload
(defun trimtab-insert-suggestion ()
  "Write the suggested VLM into the manifest."
  (interactive)
  (trimtab--execute-and-edit "trimtab.insertSuggestion"))

;;;###autoload
(defun trimtab-apply ()
  "Apply the manifest to the running search, and say what that changed."
  (interactive)
  (trimtab--execute-and-edit "trimtab.applyToSearch"))

(provide 'trimtab)
;;; trimtab.el ends here
