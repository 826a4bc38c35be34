--- Code lenses above their lines. Those of Neovim 0.7 stay where the server has none any more, and are asked for only
--- by a call. The server's inlay hints are the same texts, for editors without lenses.

local M = {}

local namespace = vim.api.nvim_create_namespace("trimtab")

---@class TrimtabDrawn
---@field client integer
---@field lenses table[] CodeLens

---@type table<integer, TrimtabDrawn> by buffer
local drawn = {}

vim.api.nvim_set_hl(0, "TrimtabLens", { default = true, link = "Comment" })

local function draw(bufnr)
  local state = drawn[bufnr]
  if not state or not vim.api.nvim_buf_is_valid(bufnr) then return end
  local texts = {} ---@type table<integer, string[]>
  for _, one in ipairs(state.lenses) do
    local line = one.range.start.line
    texts[line] = vim.list_extend(texts[line] or {}, { one.command.title })
  end
  vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
  local last = vim.api.nvim_buf_line_count(bufnr) - 1
  for line, titles in pairs(texts) do
    if line > last then
      -- The lines have been deleted; the request that follows says where the lens is now.
    elseif line == 0 then
      -- What is above the first line of a buffer is not on the screen.
      local text = "  " .. table.concat(titles, " · ")
      vim.api.nvim_buf_set_extmark(bufnr, namespace, 0, 0, { virt_text = { { text, "TrimtabLens" } } })
    else
      local lines = vim.tbl_map(function(title) return { { title, "TrimtabLens" } } end, titles)
      vim.api.nvim_buf_set_extmark(bufnr, namespace, line, 0, { virt_lines = lines, virt_lines_above = true })
    end
  end
  vim.api.nvim_exec_autocmds("User", { pattern = "TrimtabDrawn", modeline = false })
end

--- Asks for the lenses of a buffer, and draws them once they are there.
---@param client table
---@param bufnr integer
function M.request(client, bufnr)
  local state = drawn[bufnr]
  if not state or not vim.api.nvim_buf_is_loaded(bufnr) then return end
  client.request("textDocument/codeLens", { textDocument = { uri = vim.uri_from_bufnr(bufnr) } }, function(err, result)
    -- A request that an edit has overtaken leaves what is drawn; the edit's own request follows.
    if err or drawn[bufnr] ~= state then return end
    state.lenses = type(result) == "table" and result or {}
    draw(bufnr)
  end, bufnr)
end

--- Draws for a buffer from now on, also after edits.
---@param client table
---@param bufnr integer
---@param options TrimtabOptions
function M.attach(client, bufnr, options)
  if not options.lens or not client.server_capabilities.codeLensProvider then return end
  local state = { client = client.id, lenses = {} }
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
