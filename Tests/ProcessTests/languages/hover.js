// What an editor shows for a place in a TypeScript file: hover.js TYPESCRIPT FILE TEXT..., one line of JSON for each.
const [typescript, file, ...places] = process.argv.slice(2);
const ts = require(typescript);
const host = {
  getScriptFileNames: () => [file], getScriptVersion: () => "0",
  getScriptSnapshot: name => ts.sys.fileExists(name) ? ts.ScriptSnapshot.fromString(ts.sys.readFile(name)) : undefined,
  getCurrentDirectory: () => process.cwd(), getDefaultLibFileName: ts.getDefaultLibFilePath,
  getCompilationSettings: () => ({ strict: true, target: ts.ScriptTarget.ES2020 }),
  fileExists: ts.sys.fileExists, readFile: ts.sys.readFile, readDirectory: ts.sys.readDirectory,
};
const service = ts.createLanguageService(host);
const text = ts.sys.readFile(file);
for (const place of places) {
  const info = service.getQuickInfoAtPosition(file, text.indexOf(place) + place.lastIndexOf(".") + 1);
  console.log(JSON.stringify({ type: ts.displayPartsToString(info.displayParts),
    doc: ts.displayPartsToString(info.documentation), tags: (info.tags || []).map(tag => tag.name) }));
}
