--- :checkhealth trimtab

local M = {}

local old = vim.fn["health#report_start"]
local report = vim.health and vim.health.start and vim.health or {
  start = old,
  ok = vim.fn["health#report_ok"],
  info = vim.fn["health#report_info"],
  warn = vim.fn["health#report_warn"],
  error = vim.fn["health#report_error"],
}

function M.check()
  local trimtab = require("trimtab")
  report.start("trimtab")
  if vim.fn.has("nvim-0.7") == 1 then
    report.ok("Neovim is 0.7 or newer")
  else
    report.error("Neovim is older than 0.7")
  end
  local binary = trimtab.options.binary
  if vim.fn.executable(binary) == 0 then
    report.error(binary .. " cannot be started", {
      "install Trimtab, or name the binary: require('trimtab').setup({ binary = '/path/to/trimtab' })",
    })
    return
  end
  local version = vim.fn.systemlist({ binary, "--version" })[1] or ""
  if vim.v.shell_error ~= 0 then
    report.error(binary .. " --version fails: " .. version)
    return
  end
  report.ok(version .. " at " .. vim.fn.exepath(binary))
  local command = { binary, "doctor" }
  if trimtab.options.state then vim.list_extend(command, { "--state", vim.fn.expand(trimtab.options.state) }) end
  local lines = vim.fn.systemlist(command)
  local say = vim.v.shell_error == 0 and report.ok or report.error
  say("trimtab doctor:\n" .. table.concat(lines, "\n"))
  -- The current buffer is the report's own.
  local attached = 0
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if trimtab.client(bufnr) then
      attached = attached + 1
      report.ok(vim.api.nvim_buf_get_name(bufnr) .. " is attached to " .. table.concat(trimtab.command(), " "))
    end
  end
  if attached == 0 then
    report.info("no buffer is a manifest of Trimtab (trimtab.toml, trimtab.json, *.trimtab.toml, *.trimtab.json)")
  end
end

return M
