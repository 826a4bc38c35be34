--- The frontier drawn in characters: iteration time against energy, the lower bound and the plans, one of them chosen.

local views = require("trimtab.views")

local M = {}

local WIDTH, HEIGHT = 60, 14 -- of the drawing, in characters; each is 2 x 4 dots of braille
local SPACING = 4 -- characters from one mark to the next, at least
local DOTS = { { 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 } }

---@class TrimtabCanvas
---@field cells table<integer, integer> braille masks by row * WIDTH + column
local Canvas = {}
Canvas.__index = Canvas

--- The dot nearest to (x, y), both in 0...1, y upwards.
local function nearest(x, y)
  return math.floor(x * (2 * WIDTH - 1) + 0.5), math.floor((1 - y) * (4 * HEIGHT - 1) + 0.5)
end

function Canvas:dot(x, y)
  local column, row = nearest(x, y)
  if column < 0 or column >= 2 * WIDTH or row < 0 or row >= 4 * HEIGHT then return end
  local index = math.floor(row / 4) * WIDTH + math.floor(column / 2)
  self.cells[index] = bit.bor(self.cells[index] or 0, DOTS[row % 4 + 1][column % 2 + 1])
end

function Canvas:line(x0, y0, x1, y1)
  local steps = math.max(1, math.ceil(math.max(math.abs(x1 - x0) * 2 * WIDTH, math.abs(y1 - y0) * 4 * HEIGHT)))
  for step = 0, steps do
    self:dot(x0 + (x1 - x0) * step / steps, y0 + (y1 - y0) * step / steps)
  end
end

--- The character of a cell.
function Canvas:char(row, column)
  local mask = self.cells[row * WIDTH + column]
  return mask and vim.fn.nr2char(0x2800 + mask) or " "
end

--- A quantity to four digits: 10.15 kJ.
---@param value number
---@param unit string
local function quantity(value, unit)
  local size, prefixes = math.abs(value), { { 1e9, "G" }, { 1e6, "M" }, { 1e3, "k" }, { 1, "" }, { 1e-3, "m" } }
  for _, one in ipairs(prefixes) do
    if size >= one[1] or one[1] == 1e-3 then return ("%.4g %s%s"):format(value / one[1], one[2], unit) end
  end
end

local function extent(points, key)
  local low, high = math.huge, -math.huge
  for _, point in ipairs(points) do
    low, high = math.min(low, point[key]), math.max(high, point[key])
  end
  if high <= low then high = low + math.max(1e-9, math.abs(low) * 1e-3) end
  return low, high
end

---@param plans table[]
---@param point? table a plan
local function index_of(plans, point)
  for index, plan in ipairs(plans) do
    if point and plan.plan == point.plan then return index end
  end
  return 1
end

--- The drawing of a curve with the plan of index `chosen`.
---@param curve table frontier/curve's answer
---@param chosen integer
---@return string[] lines, table[] marks
function M.draw(curve, chosen)
  -- Beyond the cheapest plan the bound only rises with the energy of waiting.
  local t0, t1 = extent(curve.plans, "iterationTimeSeconds")
  local inside = vim.tbl_filter(function(point) return point.iterationTimeSeconds <= t1 end, curve.lowerBound)
  local e0, e1 = extent(vim.list_extend(vim.list_extend({}, inside), curve.plans), "energyJoules")
  local function at(point)
    return (point.iterationTimeSeconds - t0) / (t1 - t0), (point.energyJoules - e0) / (e1 - e0)
  end
  local bound = setmetatable({ cells = {} }, Canvas)
  for index = 2, #inside do
    local x0, y0 = at(inside[index - 1])
    local x1, y1 = at(inside[index])
    bound:line(x0, y0, x1, y1)
  end
  -- Plans are marked where there is room between two marks; the keys reach them all.
  local plans, right = {}, -SPACING ---@type table<integer, string> marks by cell
  local function mark(plan, sign)
    local column, row = nearest(at(plan))
    column = math.floor(column / 2)
    if sign == "◆" or column >= right + SPACING then
      plans[math.floor(row / 4) * WIDTH + column] = sign
      right = column
    end
  end
  for _, plan in ipairs(curve.plans) do mark(plan, "•") end
  mark(curve.plans[chosen], "◆")
  local lines, marks = { " energy" }, {}
  for row = 0, HEIGHT - 1 do
    local label = row == 0 and quantity(e1, "J") or row == HEIGHT - 1 and quantity(e0, "J") or ""
    local text = ("%9s %s"):format(label, label ~= "" and "┤" or "│")
    for column = 0, WIDTH - 1 do
      local plan = plans[row * WIDTH + column]
      if plan then
        table.insert(marks, { #lines, #text, #text + #plan, plan == "◆" and "WarningMsg" or "Identifier" })
      end
      text = text .. (plan or bound:char(row, column))
    end
    table.insert(lines, text)
  end
  table.insert(lines, (" "):rep(10) .. "└" .. ("─"):rep(WIDTH))
  local left, right = quantity(t0, "s"), "iteration time  " .. quantity(t1, "s")
  table.insert(lines, (" "):rep(11) .. left .. (" "):rep(math.max(1, WIDTH - #left - #right)) .. right)
  return lines, marks
end

--- The answer of trimtab.showFrontier, as text; h and l choose another plan.
---@return TrimtabText
function M.view(answer)
  local curve = answer.curve
  if not curve or #curve.plans == 0 then
    return { title = "Frontier", lines = vim.split(answer.text or answer.message, "\n", { trimempty = true }) }
  end
  local plans = curve.plans
  if not answer.chosen then answer.chosen = index_of(plans, answer.point and answer.point.plan) end
  answer.chosen = math.max(1, math.min(answer.chosen, #plans))
  local lines, marks = M.draw(curve, answer.chosen)
  local plan, fastest = plans[answer.chosen], curve.allMaxFrequency
  local function change(quantity) return 1 - plan[quantity] / fastest[quantity] end
  vim.list_extend(lines, {
    "",
    ("◆ plan %d of %d: %s, %s, %s"):format(answer.chosen, #plans, quantity(plan.iterationTimeSeconds, "s"),
      quantity(plan.energyJoules, "J"), quantity(plan.averagePowerWatts, "W")),
    ("  %s less energy, %s slower than all clocks at their highest; gap to the bound %s"):format(
      views.percent(change("energyJoules")), views.percent(-change("iterationTimeSeconds")),
      ("%.2f %%"):format(100 * plan.gapFraction)),
  })
  table.insert(marks, { #lines - 2, 0, -1, "Title" })
  if answer.point and answer.point.stale then table.insert(lines, "  The profile has changed since; another frontier follows.") end
  table.insert(lines, "  h l: another plan   0 $: fastest, cheapest   q: close")
  table.insert(marks, { #lines - 1, 0, -1, "Comment" })
  local function choose(index)
    return function()
      answer.chosen = type(index) == "function" and index() or index
      views.redraw()
    end
  end
  local function by(step) return choose(function() return answer.chosen + step end) end
  return {
    title = "Frontier of " .. (answer.pipeline or ""), lines = lines, marks = marks,
    keys = {
      h = by(-1), l = by(1), ["<Left>"] = by(-1), ["<Right>"] = by(1), ["0"] = choose(1), ["$"] = choose(#plans),
    },
  }
end

return M
