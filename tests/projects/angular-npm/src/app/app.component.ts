import { AsyncPipe } from '@angular/common';
import { HttpClient } from '@angular/common/http';
import { Component, inject } from '@angular/core';
import { environment } from '../environments/environment';

@Component({
  selector: 'app-root',
  standalone: true,
  imports: [AsyncPipe],
  template: `@for (court of courts$ | async; track court.id) { <p>{{ court.name }}</p> }`,
})
export class AppComponent {
  private readonly http = inject(HttpClient);
  readonly courts$ = this.http.get<{ id: number; name: string }[]>(`${environment.apiUrl}/courts`);
}
