--- Trimtab for Neovim 0.7 and newer: starts the server for a manifest, and runs its commands.
---
--- Everything that a manifest means is the server's business: this module sends the document's URI and shows answers.

local lens = require("trimtab.lens")
local views = require("trimtab.views")

local M = {}

---@class TrimtabOptions
---@field binary string what to start: a name on the PATH, or a path
---@field state? string the state directory; by default what the manifest says
---@field arguments string[] further arguments of `trimtab serve`
---@field on_attach? fun(client: table, bufnr: integer) called for each manifest, to map keys
---@field lens boolean whether code lenses are drawn, at the ends of lines

---@type TrimtabOptions
M.options = { binary = "trimtab", arguments = {}, lens = true }

--- Changes options; those not named stay.
---@param options? table
function M.setup(options)
  M.options = vim.tbl_extend("force", M.options, options or {})
end

---@return string[]
function M.command()
  local command = { M.options.binary, "serve", "--stdio" }
  if M.options.state then vim.list_extend(command, { "--state", vim.fn.expand(M.options.state) }) end
  return vim.list_extend(command, M.options.arguments)
end

---@param text string
---@param level? integer
function M.say(text, level)
  vim.notify("trimtab: " .. text, level or vim.log.levels.INFO)
end

--- What Neovim declares, and what this plugin adds.
local function capabilities()
  local declared = vim.lsp.protocol.make_client_capabilities()
  return vim.tbl_deep_extend("force", declared, {
    workspace = {
      codeLens = { refreshSupport = true },
      executeCommand = { dynamicRegistration = false }, -- 0.7 has it and does not say so
    },
    textDocument = { codeLens = { dynamicRegistration = false } },
  })
end

--- Client ids by root folder; Neovim 0.7 has no vim.lsp.start, which would keep them.
---@type table<string, integer>
local clients = {}

---@param root string
local function config(root)
  return {
    name = "trimtab",
    cmd = M.command(),
    cmd_cwd = root,
    root_dir = root,
    workspace_folders = { { uri = vim.uri_from_fname(root), name = vim.fn.fnamemodify(root, ":t") } },
    capabilities = capabilities(),
    get_language_id = function() return "trimtab" end,
    flags = { debounce_text_changes = 50 },
    handlers = {
      ["workspace/codeLens/refresh"] = function(_, _, context)
        M.refresh(context.client_id)
        return vim.NIL
      end,
    },
    on_attach = function(client, bufnr)
      lens.attach(client, bufnr, M.options)
      if M.options.on_attach then M.options.on_attach(client, bufnr) end
    end,
    on_exit = function(code, signal, id)
      for folder, known in pairs(clients) do
        if known == id then clients[folder] = nil end
      end
      if code ~= 0 or signal ~= 0 then
        local why = signal ~= 0 and ("by signal " .. signal) or ("with status " .. code)
        vim.schedule(function() M.say("the server ended " .. why .. "; :TrimtabStart starts it again", 3) end)
      end
    end,
  }
end

--- Starts the server for a buffer, or attaches the buffer to the one of its folder.
---@param bufnr integer 0 is the current buffer
function M.start(bufnr)
  bufnr = bufnr == 0 and vim.api.nvim_get_current_buf() or bufnr
  local path = vim.api.nvim_buf_get_name(bufnr)
  if path == "" then return M.say("the buffer has no file name", vim.log.levels.WARN) end
  if vim.fn.executable(M.options.binary) == 0 then
    return M.say(M.options.binary .. " is not on the PATH; see :checkhealth trimtab", vim.log.levels.ERROR)
  end
  local root = vim.fn.fnamemodify(path, ":p:h")
  local id = clients[root]
  if not id then
    id = vim.lsp.start_client(config(root))
    if not id then return end
    clients[root] = id
  end
  vim.lsp.buf_attach_client(bufnr, id)
end

--- The client of a buffer.
---@param bufnr integer
---@return table?
function M.client(bufnr)
  bufnr = bufnr == 0 and vim.api.nvim_get_current_buf() or bufnr
  for _, id in pairs(clients) do
    if vim.lsp.buf_is_attached(bufnr, id) then return vim.lsp.get_client_by_id(id) end
  end
end

--- Runs one of the server's commands for a buffer's manifest.
---@param bufnr integer
---@param command string such as "trimtab.suggestion"
---@param callback? fun(result: any) gets the answer; without it the server shows what the command did
function M.execute(bufnr, command, callback)
  local client = M.client(bufnr)
  if not client then return M.say("no manifest here; :TrimtabStart starts the server for this buffer", 3) end
  local params = { command = command, arguments = { vim.uri_from_bufnr(bufnr), callback and "quiet" } }
  client.request("workspace/executeCommand", params, function(err, result)
    if not callback then return end
    if err then return M.say(err.message, vim.log.levels.ERROR) end
    callback(result)
  end, bufnr)
end

--- Clients that have asked for a refresh which is to come: several in a row are one.
---@type table<integer, boolean>
local pending = {}

--- Draws everything again that depends on the search.
---@param id integer a client
function M.refresh(id)
  if pending[id] then return end
  pending[id] = true
  vim.schedule(function()
    pending[id] = nil
    local client = vim.lsp.get_client_by_id(id)
    if not client then return end
    for _, bufnr in ipairs(vim.lsp.get_buffers_by_client_id(id)) do lens.request(client, bufnr) end
    views.refresh()
  end)
end

---@param bufnr integer
---@param command string
---@param show fun(answer: any): table
local function view(bufnr, command, show)
  bufnr = bufnr == 0 and vim.api.nvim_get_current_buf() or bufnr
  views.open(command, show, function(callback) M.execute(bufnr, command, callback) end)
end

function M.suggestion(bufnr) view(bufnr, "trimtab.suggestion", views.suggestion) end
function M.ranking(bufnr) view(bufnr, "trimtab.ranking", views.ranking) end
function M.frontier(bufnr) view(bufnr, "trimtab.showFrontier", require("trimtab.frontier").view) end

--- Writes the suggested VLM into the manifest, as an edit that can be undone. The server says what it did.
function M.insert(bufnr)
  bufnr = bufnr == 0 and vim.api.nvim_get_current_buf() or bufnr
  M.execute(bufnr, "trimtab.insertSuggestion")
end

--- Applies the manifest to the running search. The server says what that changed.
function M.apply(bufnr)
  bufnr = bufnr == 0 and vim.api.nvim_get_current_buf() or bufnr
  M.execute(bufnr, "trimtab.applyToSearch")
end

--- The commands of code lenses that this plugin shows itself.
local shown = {
  ["trimtab.suggestion"] = "suggestion",
  ["trimtab.ranking"] = "ranking",
  ["trimtab.showFrontier"] = "frontier",
  ["trimtab.insertSuggestion"] = "insert",
  ["trimtab.applyToSearch"] = "apply",
}

--- Runs a code lens of the cursor's line; asks which where there are several.
function M.run(bufnr)
  bufnr = bufnr == 0 and vim.api.nvim_get_current_buf() or bufnr
  local line = vim.api.nvim_win_get_cursor(0)[1] - 1
  local here = vim.tbl_filter(function(one)
    return one.range.start.line == line and one.command and shown[one.command.command]
  end, lens.lenses(bufnr))
  local function run(one)
    if one then M[shown[one.command.command]](bufnr) end
  end
  if #here == 0 then return M.say("no code lens on this line") end
  if #here == 1 then return run(here[1]) end
  vim.ui.select(here, { prompt = "Code lens:", format_item = function(one) return one.command.title end }, run)
end

return M
