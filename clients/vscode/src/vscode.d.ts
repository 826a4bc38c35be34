/** The part of Visual Studio Code's API that the extension uses; declared here, since nothing is installed to compile. */
declare module "vscode" {
  export interface Disposable { dispose(): unknown }
  export const Disposable: { new (callOnDispose: () => unknown): Disposable };
  export type Event<T> = (listener: (event: T) => unknown) => Disposable;
  export class EventEmitter<T> implements Disposable {
    readonly event: Event<T>;
    fire(data: T): void;
    dispose(): void;
  }
  export interface CancellationToken {
    readonly isCancellationRequested: boolean;
    readonly onCancellationRequested: Event<unknown>;
  }

  export class Uri {
    static parse(value: string): Uri;
    static file(path: string): Uri;
    static joinPath(base: Uri, ...segments: string[]): Uri;
    readonly scheme: string;
    readonly fsPath: string;
    toString(): string;
  }
  export class Position {
    constructor(line: number, character: number);
    readonly line: number;
    readonly character: number;
  }
  export class Range {
    constructor(start: Position, end: Position);
    readonly start: Position;
    readonly end: Position;
  }
  export interface TextDocument {
    readonly uri: Uri;
    readonly fileName: string;
    readonly languageId: string;
    readonly version: number;
    getText(): string;
  }
  export interface TextDocumentChangeEvent {
    readonly document: TextDocument;
    readonly contentChanges: readonly { readonly range: Range; readonly text: string }[];
  }
  export class TextEdit {
    static replace(range: Range, newText: string): TextEdit;
  }
  export class WorkspaceEdit {
    set(uri: Uri, edits: TextEdit[]): void;
  }
  export enum DiagnosticSeverity { Error, Warning, Information, Hint }
  export class Diagnostic {
    constructor(range: Range, message: string, severity?: DiagnosticSeverity);
    readonly range: Range;
    readonly message: string;
    severity: DiagnosticSeverity;
    source?: string;
    code?: string | number;
  }
  export interface DiagnosticCollection extends Disposable {
    set(uri: Uri, diagnostics: Diagnostic[] | undefined): void;
  }
  export class MarkdownString {
    constructor(value?: string);
    value: string;
  }
  export class Hover {
    constructor(contents: MarkdownString, range?: Range);
  }
  export class CompletionItem {
    constructor(label: string, kind?: number);
    detail?: string;
    documentation?: MarkdownString | string;
    sortText?: string;
    filterText?: string;
    insertText?: string;
    range?: Range;
  }
  export interface Command { title: string; command: string; arguments?: unknown[] }
  export class CodeLens {
    constructor(range: Range, command?: Command);
    readonly range: Range;
    readonly command?: Command;
  }
  export class CodeActionKind {
    static readonly QuickFix: CodeActionKind;
    static readonly Empty: CodeActionKind;
    append(parts: string): CodeActionKind;
    readonly value: string;
  }
  export class CodeAction {
    constructor(title: string, kind?: CodeActionKind);
    edit?: WorkspaceEdit;
    command?: Command;
    diagnostics?: Diagnostic[];
    isPreferred?: boolean;
  }
  export class DocumentSymbol {
    constructor(name: string, detail: string, kind: number, range: Range, selectionRange: Range);
    children: DocumentSymbol[];
  }
  export enum FoldingRangeKind { Comment = 1, Imports = 2, Region = 3 }
  export class FoldingRange {
    constructor(start: number, end: number, kind?: FoldingRangeKind);
  }

  export interface DocumentFilter { language?: string; scheme?: string; pattern?: string }
  export type ProviderResult<T> = T | undefined | null | Promise<T | undefined | null>;
  export interface HoverProvider {
    provideHover(document: TextDocument, position: Position, token: CancellationToken): ProviderResult<Hover>;
  }
  export interface CompletionItemProvider {
    provideCompletionItems(document: TextDocument, position: Position, token: CancellationToken):
      ProviderResult<CompletionItem[]>;
  }
  export interface CodeLensProvider {
    onDidChangeCodeLenses?: Event<void>;
    provideCodeLenses(document: TextDocument, token: CancellationToken): ProviderResult<CodeLens[]>;
  }
  export interface CodeActionProvider {
    provideCodeActions(document: TextDocument, range: Range,
      context: { readonly diagnostics: readonly Diagnostic[] }, token: CancellationToken): ProviderResult<CodeAction[]>;
  }
  export interface DocumentSymbolProvider {
    provideDocumentSymbols(document: TextDocument, token: CancellationToken): ProviderResult<DocumentSymbol[]>;
  }
  export interface FoldingRangeProvider {
    provideFoldingRanges(document: TextDocument, context: unknown, token: CancellationToken):
      ProviderResult<FoldingRange[]>;
  }
  export interface RenameProvider {
    provideRenameEdits(document: TextDocument, position: Position, newName: string, token: CancellationToken):
      ProviderResult<WorkspaceEdit>;
  }
  export namespace languages {
    function createDiagnosticCollection(name: string): DiagnosticCollection;
    function registerHoverProvider(selector: DocumentFilter[], provider: HoverProvider): Disposable;
    function registerCompletionItemProvider(selector: DocumentFilter[], provider: CompletionItemProvider,
      ...triggers: string[]): Disposable;
    function registerCodeLensProvider(selector: DocumentFilter[], provider: CodeLensProvider): Disposable;
    function registerCodeActionsProvider(selector: DocumentFilter[], provider: CodeActionProvider): Disposable;
    function registerDocumentSymbolProvider(selector: DocumentFilter[], provider: DocumentSymbolProvider): Disposable;
    function registerFoldingRangeProvider(selector: DocumentFilter[], provider: FoldingRangeProvider): Disposable;
    function registerRenameProvider(selector: DocumentFilter[], provider: RenameProvider): Disposable;
  }

  export enum TreeItemCollapsibleState { None, Collapsed, Expanded }
  export class ThemeIcon {
    constructor(id: string);
    readonly id: string;
  }
  export class TreeItem {
    constructor(label: string, state?: TreeItemCollapsibleState);
    label: string;
    id?: string;
    description?: string;
    tooltip?: MarkdownString | string;
    iconPath?: ThemeIcon;
    contextValue?: string;
  }
  export interface TreeDataProvider<T> {
    onDidChangeTreeData?: Event<T | undefined>;
    getTreeItem(element: T): TreeItem;
    getChildren(element?: T): ProviderResult<T[]>;
  }
  export interface TreeView extends Disposable {
    message?: string;
  }
  export enum StatusBarAlignment { Left = 1, Right = 2 }
  export interface StatusBarItem extends Disposable {
    text: string;
    tooltip: MarkdownString | string | undefined;
    command: string | undefined;
    show(): void;
    hide(): void;
  }
  export interface OutputChannel extends Disposable {
    append(value: string): void;
    appendLine(value: string): void;
    show(): void;
  }
  export interface TextEditor { readonly document: TextDocument }
  export interface Webview {
    html: string;
    readonly cspSource: string;
    asWebviewUri(local: Uri): Uri;
    postMessage(message: unknown): Promise<boolean>;
    readonly onDidReceiveMessage: Event<any>;
  }
  export interface WebviewPanel extends Disposable {
    title: string;
    readonly webview: Webview;
    readonly onDidDispose: Event<void>;
    reveal(): void;
  }
  export enum ViewColumn { Active = -1, Beside = -2 }
  export namespace window {
    const activeTextEditor: TextEditor | undefined;
    const onDidChangeActiveTextEditor: Event<TextEditor | undefined>;
    function createStatusBarItem(id: string, alignment?: StatusBarAlignment): StatusBarItem;
    function createOutputChannel(name: string): OutputChannel;
    function createTreeView<T>(id: string, options: { treeDataProvider: TreeDataProvider<T> }): TreeView;
    function createWebviewPanel(type: string, title: string, column: ViewColumn,
      options: { enableScripts: boolean; localResourceRoots: Uri[]; retainContextWhenHidden?: boolean }): WebviewPanel;
    function showInformationMessage(message: string, ...items: string[]): Promise<string | undefined>;
    function showWarningMessage(message: string, ...items: string[]): Promise<string | undefined>;
    function showErrorMessage(message: string, ...items: string[]): Promise<string | undefined>;
    function showTextDocument(document: TextDocument): Promise<TextEditor>;
  }
  export interface WorkspaceConfiguration { get<T>(section: string, defaultValue: T): T }
  export namespace workspace {
    const textDocuments: readonly TextDocument[];
    const onDidOpenTextDocument: Event<TextDocument>;
    const onDidChangeTextDocument: Event<TextDocumentChangeEvent>;
    const onDidSaveTextDocument: Event<TextDocument>;
    const onDidCloseTextDocument: Event<TextDocument>;
    const onDidChangeConfiguration: Event<{ affectsConfiguration(section: string): boolean }>;
    function getConfiguration(section: string): WorkspaceConfiguration;
    function applyEdit(edit: WorkspaceEdit): Promise<boolean>;
  }
  export namespace commands {
    function registerCommand(command: string, callback: (...args: any[]) => unknown): Disposable;
    function executeCommand(command: string, ...args: unknown[]): Promise<unknown>;
  }
  export interface ExtensionContext {
    readonly subscriptions: Disposable[];
    readonly extensionUri: Uri;
  }
}
