/** The folder of an installed package: in web/node_modules, or above it, where npm puts what workspaces share. */
export function packageFolder(name: string): string;
