--- Floating windows: the suggestion, the ranking, the frontier. One at a time, redrawn while the search goes on.

local M = {}

---@class TrimtabText
---@field title string
---@field lines string[]
---@field marks? table[] {line, from, to, group}: lines from 0, bytes, "end" is -1
---@field keys? table<string, fun()> what keys do in the window

---@class TrimtabView
---@field window integer
---@field buffer integer
---@field name string
---@field show fun(answer: any): TrimtabText
---@field ask fun(callback: fun(answer: any))
---@field answer any

---@type TrimtabView?
local current

local namespace = vim.api.nvim_create_namespace("trimtab.views")

local function close()
  local view = current
  current = nil -- first, since closing calls back
  if view and vim.api.nvim_win_is_valid(view.window) then vim.api.nvim_win_close(view.window, true) end
end

---@param view TrimtabView
---@param text TrimtabText
local function write(view, text)
  vim.bo[view.buffer].modifiable = true
  vim.api.nvim_buf_set_lines(view.buffer, 0, -1, false, text.lines)
  vim.bo[view.buffer].modifiable = false
  vim.api.nvim_buf_clear_namespace(view.buffer, namespace, 0, -1)
  for _, mark in ipairs(text.marks or {}) do
    vim.api.nvim_buf_add_highlight(view.buffer, namespace, mark[4], mark[1], mark[2], mark[3])
  end
  for key, run in pairs(text.keys or {}) do
    vim.keymap.set("n", key, run, { buffer = view.buffer, nowait = true })
  end
end

---@param lines string[]
---@return integer width, integer height
local function size(lines)
  local width = 20
  for _, line in ipairs(lines) do width = math.max(width, vim.fn.strdisplaywidth(line)) end
  return math.min(width, vim.o.columns - 4), math.max(1, math.min(#lines, vim.o.lines - 6))
end

---@param text TrimtabText
local function window(text, buffer)
  local width, height = size(text.lines)
  local place = {
    relative = "editor", style = "minimal", border = "rounded", width = width, height = height,
    row = math.floor((vim.o.lines - height) / 2) - 1, col = math.floor((vim.o.columns - width) / 2),
  }
  if vim.fn.has("nvim-0.9") == 1 then place.title = " " .. text.title .. " " end
  return vim.api.nvim_open_win(buffer, true, place)
end

--- Draws the view again from its last answer.
function M.redraw()
  if not current then return end
  local text = current.show(current.answer)
  write(current, text)
  local width, height = size(text.lines)
  vim.api.nvim_win_set_config(current.window, { width = width, height = height })
end

--- Asks, and shows the answer in a window, which stays until q, <Esc> or leaving it.
---@param name string
---@param show fun(answer: any): TrimtabText
---@param ask fun(callback: fun(answer: any))
function M.open(name, show, ask)
  ask(function(answer)
    close()
    local text = show(answer)
    local buffer = vim.api.nvim_create_buf(false, true)
    vim.bo[buffer].bufhidden = "wipe"
    vim.bo[buffer].filetype = "trimtab-view"
    current = { window = window(text, buffer), buffer = buffer, name = name, show = show, ask = ask, answer = answer }
    write(current, text)
    for _, key in ipairs({ "q", "<Esc>" }) do vim.keymap.set("n", key, close, { buffer = buffer, nowait = true }) end
    local own = current
    vim.api.nvim_create_autocmd("WinClosed", {
      pattern = tostring(current.window), once = true,
      callback = function()
        if current == own then current = nil end
      end,
    })
  end)
end

--- Asks again and redraws, where a window is open; called when the search has moved.
function M.refresh()
  local view = current
  if not view then return end
  view.ask(function(answer)
    if current ~= view then return end
    answer.chosen = view.answer.chosen -- what the person chose in the frontier
    view.answer = answer
    M.redraw()
  end)
end

--- The open view, for tests and status lines.
---@return TrimtabView?
function M.current() return current end

---@param candidate table {encoder, projector?, languageModel}
---@return string
function M.name(candidate)
  local parts = { candidate.encoder, candidate.projector, candidate.languageModel }
  if not candidate.projector then parts = { candidate.encoder, candidate.languageModel } end
  return table.concat(parts, " + ")
end

--- A number to four digits, as people write it; scores may also be "NaN" or "Infinity".
---@param value number|string|nil
---@return string
function M.number(value)
  if value == nil then return "-" end
  return type(value) == "number" and ("%.4g"):format(value) or value
end

---@param value? number a fraction
---@return string
function M.percent(value)
  return value and ("%.1f %%"):format(100 * value) or "-"
end

--- The answer of trimtab.suggestion, as text.
---@return TrimtabText
function M.suggestion(answer)
  local lines, marks = {}, {}
  local best = answer.suggestion
  if best then
    table.insert(lines, M.name(best.candidate))
    table.insert(marks, { 0, 0, -1, "Title" })
    local interval = best.scoreInterval
    if best.predictedScore then
      table.insert(lines, "predicted score  " .. M.number(best.predictedScore)
        .. (interval and (" (%s to %s)"):format(M.number(interval[1]), M.number(interval[2])) or ""))
    end
    if best.probabilityBestFraction then
      table.insert(lines, "best of all      " .. M.percent(best.probabilityBestFraction) .. " likely")
    end
    table.insert(lines, "status           " .. best.status)
    table.insert(lines, "")
  end
  vim.list_extend(lines, vim.split(answer.message, "\n"))
  return { title = "Suggestion", lines = lines, marks = marks }
end

--- The answer of trimtab.ranking, as a table.
---@return TrimtabText
function M.ranking(answer)
  if not answer.ranking or #answer.ranking == 0 then return { title = "Ranking", lines = { answer.message } } end
  local rows = { { "rank", "candidate", "status", "score", "interval", "best" } }
  for place, one in ipairs(answer.ranking) do -- the best first
    local interval = one.scoreInterval
    table.insert(rows, {
      tostring(place), M.name(one.candidate), one.closure and one.status .. ": " .. one.closure or one.status,
      M.number(one.predictedScore),
      interval and M.number(interval[1]) .. " to " .. M.number(interval[2]) or "-", M.percent(one.probabilityBestFraction),
    })
  end
  local widths = {}
  for _, row in ipairs(rows) do
    for column, text in ipairs(row) do
      widths[column] = math.max(widths[column] or 0, vim.fn.strdisplaywidth(text))
    end
  end
  local lines = {}
  for _, row in ipairs(rows) do
    local cells = {}
    for column, text in ipairs(row) do
      table.insert(cells, text .. (" "):rep(widths[column] - vim.fn.strdisplaywidth(text)))
    end
    table.insert(lines, (table.concat(cells, "  "):gsub("%s+$", "")))
  end
  return { title = "Ranking", lines = lines, marks = { { 0, 0, -1, "Title" } } }
end

return M
