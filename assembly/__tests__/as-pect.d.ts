/// <reference path="../../node_modules/@as-pect/assembly/types/as-pect.d.ts" />
