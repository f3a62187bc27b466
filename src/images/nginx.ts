/** nginx: static files from /usr/share/nginx/html, with the answers and logs of the real server. */

import type { Tool } from "../linux/task/tool.ts"
import type { Vfs } from "../linux/task/vfs.ts"
import { lazyTool } from "../shell/lazy-tool.ts"
import { bashTool, shTool } from "../shell/programs.ts"
import { defineTool } from "../shell/tool.ts"
import { GNU_TOOLS } from "../tools/coreutils/index.ts"
import { curl, tar } from "../tools/index.ts"
import type { Image } from "./image.ts"

const ROOT = "/usr/share/nginx/html"
export const WELCOME = `<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
<style>
html { color-scheme: light dark; }
body { width: 35em; margin: 0 auto;
font-family: Tahoma, Verdana, Arial, sans-serif; }
</style>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>If you see this page, the nginx web server is successfully installed and
working. Further configuration is required.</p>

<p>For online documentation and support please refer to
<a href="http://nginx.org/">nginx.org</a>.<br/>
Commercial support is available at
<a href="http://nginx.com/">nginx.com</a>.</p>

<p><em>Thank you for using nginx.</em></p>
</body>
</html>
`

/** What nginx serves, and where. */
export interface NginxOptions {
  /** As the Server header and error pages say (1.29.2). */
  version?: string
}

/** An nginx of a version; the image `nginx` is this with its default. */
export function createNginx(options: NginxOptions = {}): { tool: Tool; image: Image } {
  const version = options.version ?? "1.29.2"
  const tool = lazyTool("nginx", async () => {
    const { nginxMain } = await import("./nginx-server.ts")
    return defineTool("nginx", (proc) => nginxMain(proc, version, ROOT))
  })
  const entrypoint = lazyTool("docker-entrypoint.sh", async () => {
    const { entrypointMain } = await import("./nginx-server.ts")
    return defineTool("docker-entrypoint.sh", entrypointMain)
  })
  return {
    tool,
    image: {
      name: "nginx",
      entrypoint: ["/docker-entrypoint.sh"],
      cmd: ["nginx", "-g", "daemon off;"],
      env: { NGINX_VERSION: version },
      workingDir: "/",
      pullTime: 3_200_000_000,
      stopSignal: "SIGQUIT",
      build: (fs) => buildRoot(fs, tool, entrypoint),
    },
  }
}

function buildRoot(fs: Vfs, nginx: Tool, entrypoint: Tool): void {
  for (const tool of [...GNU_TOOLS, curl, tar]) fs.install(`/usr/bin/${tool.name}`, tool)
  fs.install("/usr/sbin/nginx", nginx)
  fs.install("/docker-entrypoint.sh", entrypoint)
  fs.install("/bin/sh", shTool)
  fs.install("/bin/bash", bashTool)
  fs.mkdir(ROOT, { recursive: true })
  fs.writeFile(`${ROOT}/index.html`, WELCOME)
  fs.mkdir("/etc/nginx/conf.d", { recursive: true })
  fs.writeFile(
    "/etc/nginx/conf.d/default.conf",
    `server {\n    listen       80;\n    server_name  localhost;\n\n    location / {\n        root   ${ROOT};\n        index  index.html index.htm;\n    }\n}\n`,
  )
}

export const nginx: Image = createNginx().image
