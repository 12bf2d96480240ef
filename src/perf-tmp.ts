import { stringify } from 'yaml'
import { parseConfig } from '/work/main/src/config/load.ts'
import { configuredAccounts } from '/work/main/src/accounts/configured.ts'
import { compatible, providers } from '/work/main/src/providers/index.ts'
import { createRegistry } from '/work/main/src/routing/models.ts'
import { compileRouter } from '/work/main/src/routing/auto/index.ts'
import { plan } from '/work/main/src/routing/plan.ts'
import { readPrompt, classify } from '/work/main/src/routing/classify/index.ts'
import { needsOf } from '/work/main/src/routing/auto/needs.ts'
const { config } = parseConfig(stringify({ 'openai-compatibility': [{ name: 'local', 'base-url': 'http://127.0.0.1:1', models: [{name:'a'},{name:'b'},{name:'gpt-4o'}] }], 'ai-router': {'default-model':'a',routes:{code:['b','gpt-4o'],fast:'a'}} }), { env: {} })
const local = compatible({ name: 'local', baseUrl: 'http://127.0.0.1:1', speaks: ['openai-chat'] })
const vendors = [...providers, local]
const registry = createRegistry(configuredAccounts(config), vendors, { forcePrefix: false })
const t = (name: string, n: number, f: () => unknown) => { for (let i=0;i<n/2;i++) f(); const ts: number[]=[]; for (let i=0;i<n;i++){const s=process.hrtime.bigint(); f(); ts.push(Number(process.hrtime.bigint()-s)/1000)} ts.sort((a,b)=>a-b); console.log(name.padEnd(34),'p50',ts[n>>1]!.toFixed(1),'p99',ts[Math.floor(n*.99)]!.toFixed(1)) }
for (const [label, examples] of [['no examples',0],['200 examples',200],['2000 examples',2000]] as const) {
 const ex = Array.from({length:examples},(_,i)=>({text:`please look over the numbers ${i} of shop ${i*7} for month ${i*13}`,category:'analysis'}))
 const router = compileRouter(config, new Map(vendors.map(p=>[p.id,p])), ex)
 const conv=(n:number)=>Buffer.from(JSON.stringify({model:'auto',messages:Array.from({length:n},(_,i)=>({role:i%2?'assistant':'user',content:'fix the bug in the login function of the app, it fails with a TypeError '.repeat(3)})).concat([{role:'user',content:'refactor this function to use async/await'}])}))
 const short=Buffer.from(JSON.stringify({model:'auto',messages:[{role:'user',content:'refactor this function to use async/await'}]}))
 const k8=Buffer.from(JSON.stringify({model:'auto',messages:[{role:'user',content:'explain the following text and compare it with the other one. '.repeat(130)}]}))
 const bodies={short,'8 KB':k8,'100 KB conv':conv(460),'1 MB conv':conv(4600),'5 MB conv':conv(23000)}
 for (const [n,body] of Object.entries(bodies)) { if (examples===2000 && body.length>200000) continue
  const spans=new Map(); const input={registry,config,protocol:'openai-chat' as const,model:'auto',body,translates:true,...router,spans}
  const N = body.length>500000?400:4000
  if(examples===0){ t(`${n}: readPrompt`,N,()=>readPrompt('openai-chat',body)); const p=readPrompt('openai-chat',body); t(`${n}: classify`,N,()=>classify(p)); t(`${n}: needs`,N,()=>needsOf({protocol:'openai-chat',body,prompt:p,spans})) }
  t(`${label}, ${n} (${body.length}): plan`,N,()=>plan(input)) }
}
