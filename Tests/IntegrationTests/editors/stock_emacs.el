;;; stock_emacs.el --- eglot with the lines of clients/editors.md  -*- lexical-binding: t -*-

;; SNIPPET and MANIFEST are files; what a person would see is printed as a line of JSON.

;;; Code:
(package-initialize)
(load (getenv "SNIPPET") nil t)
(require 'eglot)
(setq eglot-send-changes-idle-time 0.05 make-backup-files nil create-lockfiles nil)

(defun stock-await (is-so)
  "Wait until IS-SO gives something; give it."
  (let (found)
    (while (not (setq found (funcall is-so)))
      (accept-process-output nil 0.02)
      (eglot--signal-textDocument/didChange)
      (unless eglot--current-flymake-report-fn (flymake-start)))
    found))

(defun stock-behind (text)
  "Go behind the first character of TEXT, the first of it in the buffer."
  (goto-char (point-min))
  (search-forward text)
  (goto-char (1+ (match-beginning 0))))

(find-file (getenv "MANIFEST"))
(call-interactively #'eglot)
(let* ((mistake (car (stock-await #'flymake-diagnostics)))
       (diagnostic (progn
                     (goto-char (flymake-diagnostic-beg mistake))
                     (list :line (1- (line-number-at-pos)) :character (current-column)
                           :message (flymake-diagnostic-text mistake))))
       (actions (append (eglot-code-actions (point) (line-end-position)) nil)))
  (eglot--apply-workspace-edit (plist-get (car actions) :edit))
  (stock-await (lambda () (null (flymake-diagnostics))))
  (let ((hover (progn
                 (stock-behind "\"clip\"")
                 (eglot--hover-info
                  (plist-get (jsonrpc-request (eglot-current-server) :textDocument/hover
                                              (eglot--TextDocumentPositionParams))
                             :contents))))
        (completion (progn
                      (stock-behind "\"race\"")
                      (all-completions "" (nth 2 (eglot-completion-at-point))))))
    (eglot-shutdown (eglot-current-server))
    (princ (concat (json-serialize
                    (list :diagnostic diagnostic :actions (vconcat (mapcar (lambda (one) (plist-get one :title)) actions))
                          :text (buffer-substring-no-properties (point-min) (point-max))
                          :hover (vconcat (split-string (substring-no-properties hover) "\n"))
                          :completion (vconcat (mapcar #'substring-no-properties completion))))
                   "\n"))))
;;; stock_emacs.el ends here
