-- The story through Neovim: nvim -l is newer than 0.7, so this runs as `nvim --clean --headless -c "luafile ..."`.
-- TRIMTAB_STORY names the story; TRIMTAB_WAY is "rpc" (vim.lsp.rpc.start) or "client" (vim.lsp.start_client).
local WAIT = 120000 -- milliseconds before a missing message fails the test; says nothing about speed
local file = assert(io.open(vim.env.TRIMTAB_STORY))
local story = vim.json.decode(file:read("a"))
file:close()

local kinds, on_progress, exit_code = {}, function() end, nil
local function progress(params)
  table.insert(kinds[params.token], params.value.kind)
  on_progress(params)
end

-- Sends a request through the way under test: callback(err, result), and `settled()` once it is not pending.
local send, notify, close

local function call(method, params)
  local error, result, done
  send(method, params, function(err, answer) error, result, done = err, answer, true end)
  assert(vim.wait(WAIT, function() return done end, 5), method .. " has no answer")
  return error, result
end

local function result_of(method, params)
  local error, result = call(method, params)
  assert(not error, method .. ": " .. vim.inspect(error))
  return result
end

local told = { answers = {} }
local command, arguments = story.command[1], vim.list_slice(story.command, 2)

if vim.env.TRIMTAB_WAY == "rpc" then
  local client = vim.lsp.rpc.start(command, arguments, {
    notification = function(method, params) if method == "$/progress" then progress(params) end end,
    on_exit = function(code) exit_code = code end,
  })
  send = function(method, params, callback, settled) return client.request(method, params, callback, settled) end
  notify = client.notify
  close = function()
    result_of("shutdown", vim.empty_dict())
    client.notify("exit")
  end
  told.initialize = result_of("initialize", story.initialize)
  client.notify("initialized", vim.empty_dict())
else
  local ready
  local id = vim.lsp.start_client({
    name = "trimtab", cmd = story.command, root_dir = vim.uri_to_fname(story.initialize.rootUri),
    handlers = { ["$/progress"] = function(_, params) progress(params) end },
    on_init = function(client, result)
      -- From 0.8 on the second value is the answer; before, the client keeps only the capabilities.
      told.initialize = result or { capabilities = client.server_capabilities, serverInfo = { name = "trimtab" } }
      ready = true
    end,
    on_exit = function(code) exit_code = code end,
  })
  assert(vim.wait(WAIT, function() return ready end, 5), "the server is not initialized")
  local client = vim.lsp.get_client_by_id(id)
  send = function(method, params, callback, settled)
    -- The client's own request() has no reply callback, and its rpc object is public.
    if settled then return client.rpc.request(method, params, callback, settled) end
    return client.request(method, params, function(err, result) callback(err, result) end, 0)
  end
  notify = client.rpc.notify
  close = function() client.stop() end
end

for _, one in ipairs(story.calls) do
  table.insert(told.answers, result_of(one[1], one[2]))
end

kinds.short = {}
told.answer = result_of(story.progress[1], story.progress[2])
told.progress = kinds.short

-- Neovim drops the callback of a cancelled request without a word; that it is settled is all that it says.
kinds.long = {}
local outcome, settled, number
on_progress = function(params)
  if params.token == "long" then notify("$/cancelRequest", { id = number }) end
end
_, number = send(story.long[1], story.long[2], function(err) outcome = err and err.code or "answered" end,
  function() settled = true end)
assert(vim.wait(WAIT, function() return settled end, 5), "the cancelled request is still pending")
told.cancelled = outcome or "dropped"

local refused = call(story.refused[1], story.refused[2])
told.refused = { code = refused.code, message = refused.message, data = refused.data }

close()
assert(vim.wait(WAIT, function() return exit_code end, 5), "the server does not exit")
told.exit = exit_code
io.stdout:write(vim.json.encode(told), "\n")
vim.cmd("qall!")
