--- Code lenses and inlay hints at the ends of lines. Neovim 0.7 draws no hints, and keeps lenses that have gone.

local M = {}

local namespace = vim.api.nvim_create_namespace("trimtab")

---@class TrimtabDrawn
---@field client integer
---@field lenses table[] CodeLens
---@field hints table[] InlayHint
---@field wanted string[] the methods to ask

---@type table<integer, TrimtabDrawn> by buffer
local drawn = {}

vim.api.nvim_set_hl(0, "TrimtabLens", { default = true, link = "Comment" })
vim.api.nvim_set_hl(0, "TrimtabHint", { default = true, link = "NonText" })

---@param label string|table[]
local function text_of(label)
  if type(label) == "string" then return label end
  return table.concat(vim.tbl_map(function(part) return part.value end, label))
end

local function draw(bufnr)
  local state = drawn[bufnr]
  if not state or not vim.api.nvim_buf_is_valid(bufnr) then return end
  local chunks = {} ---@type table<integer, table[]>
  local function add(line, text, group)
    chunks[line] = chunks[line] or {}
    table.insert(chunks[line], { (#chunks[line] > 0 and " · " or "  ") .. text, group })
  end
  for _, hint in ipairs(state.hints) do add(hint.position.line, text_of(hint.label), "TrimtabHint") end
  for _, one in ipairs(state.lenses) do
    if one.command then add(one.range.start.line, one.command.title, "TrimtabLens") end
  end
  vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
  local last = vim.api.nvim_buf_line_count(bufnr) - 1
  for line, texts in pairs(chunks) do
    if line <= last then
      vim.api.nvim_buf_set_extmark(bufnr, namespace, line, 0, { virt_text = texts, hl_mode = "combine" })
    end
  end
  vim.api.nvim_exec_autocmds("User", { pattern = "TrimtabDrawn", modeline = false })
end

--- Asks for the lenses and hints of a buffer, and draws them once they are there.
---@param client table
---@param bufnr integer
function M.request(client, bufnr)
  local state = drawn[bufnr]
  if not state or not vim.api.nvim_buf_is_loaded(bufnr) then return end
  local document = { uri = vim.uri_from_bufnr(bufnr) }
  local lines = vim.api.nvim_buf_line_count(bufnr)
  local all = { start = { line = 0, character = 0 }, ["end"] = { line = lines, character = 0 } }
  for name, method in pairs(state.wanted) do
    client.request(method, { textDocument = document, range = name == "hints" and all or nil }, function(err, result)
      -- A request that an edit has overtaken leaves what is drawn; the edit's own request follows.
      if err or drawn[bufnr] ~= state then return end
      state[name] = type(result) == "table" and result or {}
      draw(bufnr)
    end, bufnr)
  end
end

--- Draws for a buffer from now on, also after edits.
---@param client table
---@param bufnr integer
---@param options TrimtabOptions
function M.attach(client, bufnr, options)
  local can = client.server_capabilities
  local state = { client = client.id, lenses = {}, hints = {}, wanted = {} }
  if options.lens and can.codeLensProvider then state.wanted.lenses = "textDocument/codeLens" end
  if options.hints and can.inlayHintProvider then state.wanted.hints = "textDocument/inlayHint" end
  drawn[bufnr] = state
  local waiting = false
  vim.api.nvim_buf_attach(bufnr, false, {
    on_lines = function()
      if drawn[bufnr] ~= state then return true end
      if waiting then return end
      waiting = true
      -- The core sends the change after its own delay, and before any request.
      vim.defer_fn(function()
        waiting = false
        local current = vim.lsp.get_client_by_id(client.id)
        if current and drawn[bufnr] == state then M.request(current, bufnr) end
      end, 60)
    end,
    on_detach = function() drawn[bufnr] = nil end,
  })
  M.request(client, bufnr)
end

--- The lenses of a buffer.
---@param bufnr integer
---@return table[]
function M.lenses(bufnr)
  return drawn[bufnr] and drawn[bufnr].lenses or {}
end

return M
