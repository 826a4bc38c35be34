-- Starts Trimtab for its manifests, and defines the commands. vim.g.trimtab = false switches the plugin off.
if vim.g.loaded_trimtab or vim.g.trimtab == false then return end
vim.g.loaded_trimtab = true

local group = vim.api.nvim_create_augroup("trimtab", { clear = true })

vim.api.nvim_create_autocmd({ "BufReadPost", "BufNewFile" }, {
  group = group,
  pattern = { "trimtab.toml", "*.trimtab.toml", "trimtab.json", "*.trimtab.json" },
  callback = function(event) require("trimtab").start(event.buf) end,
})

local function command(name, about, run)
  vim.api.nvim_create_user_command(name, function() require("trimtab")[run](0) end, { desc = about })
end

command("TrimtabStart", "Start Trimtab for this buffer", "start")
command("TrimtabSuggestion", "Show the suggested VLM and how certain it is", "suggestion")
command("TrimtabRanking", "List the candidates, the best first", "ranking")
command("TrimtabFrontier", "Draw the energy frontier of the manifest's pipeline", "frontier")
command("TrimtabInsert", "Write the suggested VLM into the manifest", "insert")
command("TrimtabApply", "Apply the manifest's pool and settings to the running search", "apply")
command("TrimtabRun", "Run a code lens of the cursor's line", "run")
