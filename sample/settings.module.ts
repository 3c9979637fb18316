import { Module } from '@nestjs/common';
import { Settings } from './settings.js';

@Module({
  providers: [{ provide: Settings, useFactory: () => new Settings() }],
  exports: [Settings],
})
export class SettingsModule {}
