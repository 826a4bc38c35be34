-- Neovim's own client with the lines of clients/editors.md, and no plugin. SNIPPET and MANIFEST are files; what a person
-- would see goes to standard output, as a line of JSON.
vim.cmd("luafile " .. vim.env.SNIPPET)
vim.cmd("edit " .. vim.fn.fnameescape(vim.env.MANIFEST))

local function await(what, is_so) assert(vim.wait(120000, is_so, 10), "no " .. what) end
local function text() return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n") .. "\n" end
local told = {}

await("diagnostic", function() return #vim.diagnostic.get(0) > 0 end)
local mistake = vim.diagnostic.get(0)[1]
told.diagnostic = { line = mistake.lnum, character = mistake.col, message = mistake.message }

local before = text()
vim.api.nvim_win_set_cursor(0, { mistake.lnum + 1, mistake.col })
vim.ui.select = function(items, options, choose)
  told.actions = vim.tbl_map(options.format_item or tostring, items)
  choose(items[1], 1)
end
vim.lsp.buf.code_action()
await("fix", function() return text() ~= before and #vim.diagnostic.get(0) == 0 end)
told.text = text()

vim.api.nvim_win_set_cursor(0, { 1, 0 })
vim.fn.search('"clip"')
vim.cmd("normal l")
vim.lsp.buf.hover()
local function float()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= "" then return vim.api.nvim_win_get_buf(window) end
  end
end
await("hover", float)
told.hover = vim.api.nvim_buf_get_lines(float(), 0, -1, false)

-- As omni-completion asks.
vim.fn.search('"race"')
vim.cmd("normal l")
local answers = vim.lsp.buf_request_sync(0, "textDocument/completion", vim.lsp.util.make_position_params(), 120000)
told.completion = {}
for _, one in pairs(answers) do
  for _, item in ipairs(vim.lsp.util.extract_completion_items(one.result)) do table.insert(told.completion, item.label) end
end
vim.lsp.stop_client(vim.lsp.get_active_clients())
await("end of the server", function() return #vim.lsp.get_active_clients() == 0 end)
io.stdout:write(vim.json.encode(told), "\n")
vim.cmd("qall!")
