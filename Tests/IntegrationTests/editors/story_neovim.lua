-- Does in Neovim what the test says, and tells what a person would see. MANIFEST is the file, ORDERS a FIFO with a line of
-- JSON for each order; what is seen goes to standard output, as lines of JSON.
vim.opt.runtimepath:prepend(vim.env.PLUGIN)
vim.o.columns, vim.o.lines = 100, 38
vim.o.termguicolors, vim.o.background, vim.o.ruler, vim.o.laststatus = true, "dark", false, 0
vim.cmd("colorscheme desert")
vim.cmd("runtime plugin/trimtab.lua")
require("trimtab").setup({ binary = vim.env.TRIMTAB_BINARY })

local function tell(what) io.stdout:write(vim.json.encode(what), "\n") io.stdout:flush() end
local last = {}
local function tell_changes(name, value)
  local text = vim.json.encode(value)
  if last[name] ~= text then
    last[name] = text
    tell({ [name] = value })
  end
end

vim.api.nvim_create_autocmd("DiagnosticChanged", {
  callback = function()
    local found = {}
    for _, one in ipairs(vim.diagnostic.get(0)) do
      table.insert(found, { line = one.lnum, character = one.col, message = one.message })
    end
    tell_changes("diagnostics", found)
  end,
})
-- What is drawn beside the lines, as it is on the screen.
vim.api.nvim_create_autocmd("User", {
  pattern = "TrimtabDrawn",
  callback = function()
    local namespace, texts = vim.api.nvim_get_namespaces()["trimtab"], {}
    for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })) do
      local lines = mark[4].virt_lines or { mark[4].virt_text }
      local parts = vim.tbl_map(function(chunks) return chunks[1][1] end, lines)
      table.insert(texts, { line = mark[2], text = vim.trim(table.concat(parts, " · ")) })
    end
    tell_changes("beside", texts)
  end,
})

local function text() return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n") .. "\n" end

--- Carries out the code action of a line whose title matches.
local function act(line, pattern)
  local client = require("trimtab").client(0)
  local whole = vim.api.nvim_buf_get_lines(0, line, line + 1, false)[1] or ""
  local diagnostics = {}
  for _, one in ipairs(vim.diagnostic.get(0, { lnum = line })) do
    table.insert(diagnostics, {
      range = { start = { line = one.lnum, character = one.col }, ["end"] = { line = one.end_lnum, character = one.end_col } },
      message = one.message, severity = one.severity, source = one.source, code = one.code,
    })
  end
  client.request("textDocument/codeAction", {
    textDocument = vim.lsp.util.make_text_document_params(),
    range = { start = { line = line, character = 0 }, ["end"] = { line = line, character = #whole } },
    context = { diagnostics = #diagnostics > 0 and diagnostics or vim.empty_dict() },
  }, function(err, actions)
    assert(not err, vim.inspect(err))
    for _, action in ipairs(actions or {}) do
      if action.title:lower():find(pattern) and action.edit then
        vim.lsp.util.apply_workspace_edit(action.edit, client.offset_encoding)
        vim.cmd("silent write")
        return tell({ text = text(), action = action.title })
      end
    end
    tell({ text = text(), actions = vim.tbl_map(function(action) return action.title end, actions or {}) })
  end, 0)
end

local orders = {}
orders.act = function(order) act(order.line, order.pattern) end
orders.hover = function(order)
  local client = require("trimtab").client(0)
  client.request("textDocument/hover", {
    textDocument = vim.lsp.util.make_text_document_params(),
    position = { line = order.line, character = order.character },
  }, function(err, result)
    tell({ hover = err and vim.inspect(err) or result and result.contents.value or "" })
  end, 0)
end
orders.insert = function() vim.cmd("TrimtabInsert") end
orders.save = function()
  vim.cmd("silent write")
  tell({ text = text() })
end
orders.text = function() tell({ text = text() }) end
local COMMANDS = { suggestion = "TrimtabSuggestion", ranking = "TrimtabRanking", frontier = "TrimtabFrontier" }
orders.view = function(order)
  local views = require("trimtab.views")
  if views.current() then vim.cmd("normal q") end
  vim.cmd(COMMANDS[order.command])
  assert(vim.wait(60000, function() return views.current() end, 10), "no window")
  tell({ view = vim.api.nvim_buf_get_lines(views.current().buffer, 0, -1, false) })
end
--- The grid of the floating window, which Neovim does not tell: the one that begins with its border's corner.
local function floating()
  local view = require("trimtab.views").current()
  if not view then return end
  local place = vim.api.nvim_win_get_config(view.window)
  for grid = 2, 64 do
    local ok, cell = pcall(vim.api.nvim__inspect_cell, grid, 0, 0)
    if ok and cell[1] == "╭" then
      return { grid = grid, row = place.row[false], column = place.col[false], height = place.height + 2,
        width = place.width + 2 }
    end
  end
end
-- The screen: for each row its runs of cells that look the same, as {text, foreground, bold}.
orders.screen = function()
  vim.cmd("colorscheme desert") -- what was set before the first screen has no colours
  vim.cmd("redraw!")
  local rows, float = {}, floating()
  for row = 0, vim.o.lines - 1 do
    local runs = {}
    for column = 0, vim.o.columns - 1 do
      local grid, y, x = 1, row, column
      if float and row >= float.row and row < float.row + float.height
        and column >= float.column and column < float.column + float.width then
        grid, y, x = float.grid, row - float.row, column - float.column
      end
      local cell = vim.api.nvim__inspect_cell(grid, y, x)
      local look = cell[2] or {}
      local color = look.foreground and ("#%06x"):format(look.foreground) or ""
      local previous = runs[#runs]
      if previous and previous[2] == color and previous[3] == (look.bold or false) then
        previous[1] = previous[1] .. cell[1]
      else
        table.insert(runs, { cell[1], color, look.bold or false })
      end
    end
    table.insert(rows, runs)
  end
  tell({ screen = rows })
end
orders.quit = function() vim.cmd("qall!") end

vim.cmd("edit " .. vim.fn.fnameescape(vim.env.MANIFEST))
local rest = ""
vim.fn.jobstart({ "cat", vim.env.ORDERS }, {
  on_stdout = function(_, data)
    data[1] = rest .. data[1]
    rest = table.remove(data)
    for _, line in ipairs(data) do
      local order = vim.json.decode(line)
      local ok, failure = pcall(orders[order["do"]], order)
      if not ok then tell({ failure = tostring(failure) }) end
    end
  end,
})
